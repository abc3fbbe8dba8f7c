package telegram

import (
	"errors"
	"testing"
	"time"
)

func TestLimitsKeepWhatTelegramAllows(t *testing.T) {
	l := newLimiter()
	for chat, burst := range map[int64]int{5: 1, -5: groupBurst} {
		for range burst {
			if err := l.wait(t.Context(), chat); err != nil {
				t.Fatal(err)
			}
		}
		c := l.chat(chat)
		if d := c.Reserve().Delay(); d < chatEvery/2 {
			t.Errorf("chat %d may go on in %v, want a pause", chat, d)
		}
		c.ReserveN(time.Now(), 1)
		c.Reserve()
		var soon *tooSoon
		if err := l.wait(t.Context(), chat); !errors.As(err, &soon) || soon.wait <= maxWait {
			t.Errorf("chat %d: wait = %v, want to be told to come back", chat, err)
		}
	}
	minute := groupBurst + int(time.Minute/groupEvery)
	if minute > 20 {
		t.Errorf("%d messages a minute may go to a group, Telegram allows 20", minute)
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := newRecent[int, string](2)
	r.put(1, "a")
	r.put(2, "b")
	r.get(1)
	r.put(3, "c")
	if _, ok := r.get(2); ok {
		t.Error("2 is still there, want the one not used for longest gone")
	}
	if v := r.getOr(1, func() string { return "new" }); v != "a" {
		t.Errorf("getOr(1) = %q, want a", v)
	}
}
