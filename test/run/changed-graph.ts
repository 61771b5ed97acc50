/** File or package → its imports. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** The number of imports between each node and the nearest changed node; 0 = changed itself. */
export const distances = (changed: Iterable<string>, graph: Graph): Map<string, number> => {
  const importers = new Map<string, string[]>();
  for (const [from, targets] of graph) {
    for (const to of targets) importers.set(to, [...(importers.get(to) ?? []), from]);
  }
  const found = new Map<string, number>();
  let level = [...changed];
  for (let distance = 0; level.length > 0; distance++) {
    const next: string[] = [];
    for (const node of level) {
      if (found.has(node)) continue;
      found.set(node, distance);
      next.push(...(importers.get(node) ?? []));
    }
    level = next;
  }
  return found;
};

/** The candidates that depend on a changed node, grouped by distance, nearest first. */
export const nearestFirst = (changed: Iterable<string>, graph: Graph, candidates: Iterable<string>): string[][] => {
  const reached = distances(changed, graph);
  const groups = new Map<number, string[]>();
  for (const candidate of candidates) {
    const distance = reached.get(candidate);
    if (distance !== undefined) groups.set(distance, [...(groups.get(distance) ?? []), candidate]);
  }
  return [...groups.keys()].sort((a, b) => a - b).map((distance) => (groups.get(distance) ?? []).sort());
};
