package mtu

import (
	"slices"
	"testing"
)

func TestAbove(t *testing.T) {
	for _, test := range []struct {
		size int
		want []int
	}{
		{Floor, []int{1420, 1408, 1392, 1376, 1360, 1344, 1328, 1312, 1296}},
		{1376, []int{1420, 1408, 1392}},
		{1377, []int{1420, 1408, 1392}},
		{Ceiling, nil},
		{1500, nil},
	} {
		if got := Above(test.size); !slices.Equal(got, test.want) {
			t.Errorf("above %d: %v", test.size, got)
		}
	}
}

// A packet of each size but the ceiling has no padding, so that what was probed is what is sent later.
func TestSizesNeedNoPadding(t *testing.T) {
	for _, size := range Above(Floor)[1:] {
		if size%padding != 0 {
			t.Errorf("%d", size)
		}
	}
	if Floor%padding != 0 {
		t.Error("the floor is padded")
	}
}
