package accesspoint

import (
	"context"
	"testing"
	"time"
)

// A resolver that does not answer must not keep the other services from being resolved.
func TestServiceLookupHasADeadline(t *testing.T) {
	found := resolve("db.test:5432", func(ctx context.Context, host string) ([]string, error) {
		if at, has := ctx.Deadline(); !has || time.Until(at) > lookupLimit {
			t.Errorf("deadline %v %v", at, has)
		}
		return []string{"192.0.2.1", "::ffff:192.0.2.2"}, nil
	})
	if len(found) != 2 || found[0].String() != "192.0.2.1:5432" || found[1].String() != "192.0.2.2:5432" {
		t.Errorf("%v", found)
	}
	late := func(context.Context, string) ([]string, error) { return nil, context.DeadlineExceeded }
	if found := resolve("db.test:5432", late); found != nil {
		t.Errorf("%v", found)
	}
}
