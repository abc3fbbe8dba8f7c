package conversation

import (
	"testing"

	"frontdesk/knowledge"
)

func TestThresholdsComeWithTheResultUnlessConfigured(t *testing.T) {
	r := knowledge.Result{Thresholds: knowledge.Thresholds{Answer: .8, Maybe: .2}}
	for _, c := range []struct {
		configured, want Thresholds
		r                knowledge.Result
	}{
		{Thresholds{}, Thresholds{.8, .2}, r},
		{Thresholds{.6, .4}, Thresholds{.6, .4}, r},
		{Thresholds{}, Thresholds{.5, .25}, knowledge.Result{}},
	} {
		if got := c.configured.orOf(c.r); got != c.want {
			t.Errorf("%v.orOf(%v) = %v, want %v", c.configured, c.r.Thresholds, got, c.want)
		}
	}
}
