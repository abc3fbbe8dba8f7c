package widget

import (
	"context"
	"fmt"

	"frontdesk/conversation"
)

// What visitors did beside writing, as the fake engine saw it.
type visits struct{ did []string }

func (f *fakeEngine) note(id, what string, err error) error {
	return f.with(id, func(*room) error {
		f.visits.did = append(f.visits.did, what)
		return err
	})
}

func (f *fakeEngine) LeaveEmail(_ context.Context, id, email string) error {
	return f.note(id, "email "+email, nil)
}

func (f *fakeEngine) RateEpisode(_ context.Context, id string, score int, comment string) error {
	var err error
	if st, _ := f.State(context.Background(), id); st.Status != conversation.StatusResolved {
		err = conversation.ErrNotCurrent
	}
	return f.note(id, fmt.Sprint("rating ", score, " ", comment), err)
}

func (f *fakeEngine) CustomerTypes(id string) { _ = f.note(id, "typing", nil) }

func (f *fakeEngine) Seen(_ context.Context, id string, seq int64) error {
	return f.note(id, fmt.Sprint("seen ", seq), nil)
}
