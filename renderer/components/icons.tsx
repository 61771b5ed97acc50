import type { ReactNode } from "react";

/** Line icons on a 20-unit grid. */
const Icon = ({ children, size = 18 }: { children: ReactNode; size?: number }) => (
  <svg
    aria-hidden="true"
    width={size}
    height={size}
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.6"
    strokeLinecap="round"
    strokeLinejoin="round"
  >
    {children}
  </svg>
);

export const ChevronDown = () => (
  <Icon size={14}>
    <path d="M5 8l5 5 5-5" />
  </Icon>
);

export const ArrowLeft = () => (
  <Icon>
    <path d="M16 10H4.5M9 5l-5 5 5 5" />
  </Icon>
);

export const Sliders = () => (
  <Icon>
    <path d="M3 6h8m4 0h2M3 14h2m4 0h8" />
    <circle cx="13" cy="6" r="2" />
    <circle cx="7" cy="14" r="2" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon size={15}>
    <rect x="7" y="7" width="9.5" height="9.5" rx="2" />
    <path d="M13 4.2A2 2 0 0 0 11.5 3.5h-6a2 2 0 0 0-2 2v6A2 2 0 0 0 4.2 13" />
  </Icon>
);

export const Check = ({ size = 15 }: { size?: number }) => (
  <Icon size={size}>
    <path d="M4 10.5l4 4 8-9" />
  </Icon>
);

export const OpenIcon = () => (
  <Icon size={15}>
    <path d="M8 4H5a1.5 1.5 0 0 0-1.5 1.5v9.5A1.5 1.5 0 0 0 5 16.5h9.5A1.5 1.5 0 0 0 16 15v-3M11.5 3.5H16.5V8.5M16 4l-7 7" />
  </Icon>
);

export const Plus = () => (
  <Icon>
    <path d="M10 4.5v11M4.5 10h11" />
  </Icon>
);

export const Shield = () => (
  <Icon size={16}>
    <path d="M10 2.5l6 2.2v4.8c0 3.8-2.5 6.5-6 8-3.5-1.5-6-4.2-6-8V4.7z" />
  </Icon>
);

export const Laptop = () => (
  <Icon size={16}>
    <path d="M4.5 4h11v8.5h-11zM2.5 15.5h15" />
  </Icon>
);

export const Names = () => (
  <Icon size={16}>
    <path d="M4 5.5h12M4 10h12M4 14.5h7" />
  </Icon>
);

export const Warn = ({ size = 16 }: { size?: number }) => (
  <Icon size={size}>
    <path d="M10 3.2L17.5 16.5H2.5zM10 8.2v3.6M10 14.2v.01" />
  </Icon>
);

export const Person = () => (
  <Icon size={15}>
    <circle cx="10" cy="6.8" r="3.2" />
    <path d="M3.8 16.8c.9-3 3.3-4.5 6.2-4.5s5.3 1.5 6.2 4.5" />
  </Icon>
);

export const Globe = () => (
  <Icon size={15}>
    <circle cx="10" cy="10" r="7" />
    <path d="M3 10h14M10 3c2.4 2 3.2 4.5 3.2 7s-.8 5-3.2 7c-2.4-2-3.2-4.5-3.2-7s.8-5 3.2-7z" />
  </Icon>
);

export const Building = () => (
  <Icon size={15}>
    <path d="M4.5 17V4.5L11 3v14M11 8l4.5 1.2V17M2.5 17h15M7.5 7v.01M7.5 10v.01M7.5 13v.01" />
  </Icon>
);

export const Eye = ({ off = false }: { off?: boolean }) => (
  <Icon size={17}>
    <path d="M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5z" />
    <circle cx="10" cy="10" r="2.2" />
    {off ? <path d="M4 16L16 4" /> : null}
  </Icon>
);
