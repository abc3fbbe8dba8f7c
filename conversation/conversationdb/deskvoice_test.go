package conversationdb_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/migrations/dbtest"
)

// waiting is a counter with a case in thread t1, Ana and Ben linked and Vic a viewer.
func waiting(t *testing.T) (r *counter, id string, ana conversation.Actor) {
	t.Helper()
	r = newCounter(t, dbtest.URL(t), newWall(), time.Hour)
	ana = r.person(t, "Ana", staff.RoleAgent, "UANA")
	r.person(t, "Ben", staff.RoleAdmin, "UBEN")
	r.person(t, "Vic", staff.RoleViewer, "UVIC")
	id = r.says(t, "1", "1", "Where is it?")
	r.queue(t, id)
	r.wall.until(t, "the thread is there", func() bool { return len(r.wall.posts("t1")) == 1 })
	return r, id, ana
}

func TestAStaffMembersMessageTakesOverAtOnceAndIsSentOnce(t *testing.T) {
	r, id, ana := waiting(t)
	var wg sync.WaitGroup
	undo := make(chan string, 4)
	for range cap(undo) { // the platform's repeats, at the same moment
		wg.Go(func() { undo <- r.said(t, voice("t1", "UANA", "1", "It left today.")).Undo })
	}
	wg.Wait()
	close(undo)
	shown := 0
	for key := range undo {
		if key != "" {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("%d repeats may be undone, want the first one alone", shown)
	}
	if st := r.state(t, id); st.Owner != conversation.OwnerStaff || st.StaffID != ana.StaffID {
		t.Errorf("owner %s %q before the message is sent, want Ana", st.Owner, st.StaffName)
	}
	if n := holds(r.log(t, id), "It left today."); n != 0 {
		t.Errorf("sent %d times while it can be undone, want 0", n)
	}
	r.due(t)
	r.wall.until(t, "it is sent", func() bool { return holds(r.log(t, id), "staff: It left today.") == 1 })
	r.said(t, voice("t1", "UANA", "1", "It left today.")) // a late repeat
	r.said(t, voice("t1", "UANA", "2", "Tomorrow you have it."))
	r.due(t)
	r.wall.until(t, "the second is sent", func() bool { return holds(r.log(t, id), "Tomorrow") == 1 })
	if got := r.log(t, id); holds(got, "It left today.") != 1 || holds(got, "Ana joined") != 1 {
		t.Errorf("the log is %q, want both replies once and one joining", got)
	}
	if n := holds(r.wall.posts("t1"), "left today"); n != 0 {
		t.Errorf("the thread repeats %d of what was written there, want 0", n)
	}
}

func TestWhatIsTakenBackIsNotSent(t *testing.T) {
	for name, undo := range map[string]func(r *counter, key string){
		"button": func(r *counter, key string) {
			if got := r.press(t, voice("", "UBEN", "", ""), conversation.DeskUndo, key); !strings.Contains(got, "Only whoever wrote") {
				t.Errorf("Ben's press = %q, want it refused", got)
			}
			if got := r.press(t, voice("", "UANA", "", ""), conversation.DeskUndo, key); !strings.Contains(got, "Not sent.") {
				t.Errorf("Ana's press = %q, want it undone", got)
			}
			if got := r.press(t, voice("", "UANA", "", ""), conversation.DeskUndo, "no key"); !strings.Contains(got, "no longer works") {
				t.Errorf("a press without a key = %q, want it refused", got)
			}
		},
		"deletion": func(r *counter, _ string) {
			if got, err := r.desks.Deleted(t.Context(), voice("t1", "UANA", "1", "")); err != nil || !strings.Contains(got.Words, "Not sent.") {
				t.Errorf("Deleted = %+v, %v, want it undone", got, err)
			}
		},
		"change to nothing": func(r *counter, _ string) {
			if _, err := r.desks.Edited(t.Context(), voice("t1", "UANA", "1", " ")); err != nil {
				t.Errorf("Edited = %v", err)
			}
		},
		"change to a note": func(r *counter, _ string) {
			if _, err := r.desks.Edited(t.Context(), voice("t1", "UANA", "1", "NOTE: what do we say?")); err != nil {
				t.Errorf("Edited = %v", err)
			}
		},
	} {
		r, id, _ := waiting(t)
		undo(r, r.said(t, voice("t1", "UANA", "1", "No idea.")).Undo)
		r.said(t, voice("t1", "UANA", "1", "No idea.")) // a repeat that comes late
		r.said(t, voice("t1", "UANA", "2", "I'll ask."))
		r.due(t)
		r.wall.until(t, name+": what follows is sent", func() bool { return holds(r.log(t, id), "I'll ask.") == 1 })
		if got := r.log(t, id); holds(got, "No idea.")+holds(got, "what do we say") != 0 {
			t.Errorf("%s: the log is %q, want nothing of what was taken back", name, got)
		}
	}
}

func TestADeletionThatOvertakesItsMessageStopsIt(t *testing.T) {
	r, id, _ := waiting(t)
	v := voice("t1", "UANA", "1", "")
	v.Fresh = true
	if _, err := r.desks.Deleted(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	r.said(t, voice("t1", "UANA", "1", "No idea."))
	changed := voice("t1", "UANA", "2", "second wording")
	changed.Fresh = true
	if _, err := r.desks.Edited(t.Context(), changed); err != nil { // overtook too
		t.Fatal(err)
	}
	r.said(t, voice("t1", "UANA", "2", "first wording"))
	r.due(t)
	r.wall.until(t, "the changed one is sent", func() bool { return holds(r.log(t, id), "second wording") == 1 })
	if got := r.log(t, id); holds(got, "No idea.")+holds(got, "first wording") != 0 {
		t.Errorf("the log is %q, want the newest wording alone", got)
	}
}

func TestAChangeWithinTheTimeIsWhatIsSent(t *testing.T) {
	r, id, _ := waiting(t)
	r.said(t, voice("t1", "UANA", "1", "It left tody."))
	if got, err := r.desks.Edited(t.Context(), voice("t1", "UANA", "1", "It left today.")); err != nil || got.Words == "" {
		t.Errorf("Edited = %+v, %v, want words of it", got, err)
	}
	r.due(t)
	r.wall.until(t, "it is sent", func() bool { return holds(r.log(t, id), "It left today.") == 1 })
	got, err := r.desks.Edited(t.Context(), voice("t1", "UANA", "1", "It left on Monday."))
	if err != nil || !strings.Contains(got.Words, "first wording") {
		t.Errorf("Edited after it was sent = %+v, %v, want that said", got, err)
	}
	if n := holds(r.log(t, id), "tody") + holds(r.log(t, id), "Monday"); n != 0 {
		t.Errorf("%d other wordings were sent, want none", n)
	}
}

func TestOnlyLinkedAgentsReachTheCustomer(t *testing.T) {
	r, id, _ := waiting(t)
	for sender, want := range map[string]string{"USTRANGER": "staff link YOUR@EMAIL --slack USTRANGER", "UVIC": "may read but not answer"} {
		if got := r.said(t, voice("t1", sender, "s"+sender, "Hello")); !strings.Contains(got.Words, want) || got.Undo != "" {
			t.Errorf("Said of %s = %+v, want %q", sender, got, want)
		}
		if got := r.said(t, voice("t1", sender, "n"+sender, "// hello")); !strings.Contains(got.Words, want) {
			t.Errorf("a note of %s = %+v, want %q", sender, got, want)
		}
		for _, a := range []conversation.DeskAction{conversation.DeskTake, conversation.DeskBack, conversation.DeskClose, conversation.DeskUndo} {
			if got := r.press(t, voice("t1", sender, "", ""), a, "x"); !strings.Contains(got, want) {
				t.Errorf("%s of %s = %q, want %q", a, sender, got, want)
			}
		}
	}
	if st := r.state(t, id); st.Owner != conversation.OwnerQueue || st.Seq != 2 {
		t.Errorf("state %+v, want nothing changed", st)
	}
	r.said(t, voice("t1", "UBEN", "1", "One moment."))
	if _, err := r.pool.Exec(t.Context(), `UPDATE staff_accounts SET disabled_at = now() WHERE name = 'Ben'`); err != nil {
		t.Fatal(err)
	}
	r.due(t)
	r.wall.until(t, "it is refused", func() bool { return holds(r.wall.posts("t1"), "may not answer any more") == 1 })
	if n := holds(r.log(t, id), "One moment."); n != 0 {
		t.Errorf("sent %d times for a disabled account, want 0", n)
	}
}

func TestWhoComesSecondIsToldWhoHoldsIt(t *testing.T) {
	r, id, _ := waiting(t)
	r.said(t, voice("t1", "UANA", "1", "Mine."))
	if got := r.said(t, voice("t1", "UBEN", "2", "Mine!")); !strings.Contains(got.Words, "Ana holds this conversation") || got.Undo != "" {
		t.Errorf("Ben's message = %+v, want Ana named", got)
	}
	if got := r.press(t, voice("t1", "UBEN", "", ""), conversation.DeskTake, ""); !strings.Contains(got, "Ana holds") {
		t.Errorf("Ben's Take = %q, want Ana named", got)
	}
	r.due(t)
	r.wall.until(t, "Ana's is sent", func() bool { return holds(r.log(t, id), "Mine.") == 1 })
	if n := holds(r.log(t, id), "Mine!"); n != 0 {
		t.Errorf("Ben's was sent %d times, want 0", n)
	}
}

func TestWhatWasHandedBackMeanwhileIsNotSentOver(t *testing.T) {
	r, id, ana := waiting(t)
	r.said(t, voice("t1", "UANA", "1", "One moment."))
	if got := r.press(t, voice("t1", "UANA", "", ""), conversation.DeskBack, ""); !strings.Contains(got, "still on its way") {
		t.Errorf("Hand back with a message pending = %q, want it put off", got)
	}
	if _, err := r.Handback(t.Context(), id, ana); err != nil { // in the console
		t.Fatal(err)
	}
	r.due(t)
	r.wall.until(t, "it is refused", func() bool { return holds(r.wall.posts("t1"), "handed back or closed meanwhile") == 1 })
	if st := r.state(t, id); st.Owner != conversation.OwnerBot || holds(r.log(t, id), "One moment.") != 0 {
		t.Errorf("owner %s, log %q, want the bot's and nothing sent", st.Owner, r.log(t, id))
	}
}

func TestANoteStaysAmongStaffAndTheBotGoesOn(t *testing.T) {
	r, id, _ := waiting(t)
	for range 2 {
		r.said(t, voice("t1", "UANA", "1", "// she has called before"))
	}
	ms, err := r.Transcript(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	for _, m := range ms {
		if m.Note {
			notes = append(notes, m.Name+": "+m.Text)
		}
	}
	if !slices.Equal(notes, []string{"Ana: she has called before"}) {
		t.Errorf("notes %q, want the one, once and without its mark", notes)
	}
	if st := r.state(t, id); st.Owner != conversation.OwnerQueue {
		t.Errorf("owner %s after a note, want the queue", st.Owner)
	}
	if n := holds(r.log(t, id), "called before"); n != 0 {
		t.Errorf("the customer sees the note %d times, want 0", n)
	}
	r.says(t, "1", "2", "Hello?")
	r.wall.until(t, "the thread goes on", func() bool { return holds(r.wall.posts("t1"), "Hello?") == 1 })
	if n := holds(r.wall.posts("t1"), "called before"); n != 0 {
		t.Errorf("the note is repeated in its thread %d times, want 0", n)
	}
}

func TestButtonsDoWhatTheyCanAndSayWhatTheyCannot(t *testing.T) {
	r, id, _ := waiting(t)
	ana := voice("t1", "UANA", "", "")
	for _, c := range []struct {
		action conversation.DeskAction
		words  string
		owner  conversation.Owner
		status conversation.Status
	}{
		{conversation.DeskTake, "You hold this conversation now", conversation.OwnerStaff, conversation.StatusOpen},
		{conversation.DeskTake, "already", conversation.OwnerStaff, conversation.StatusOpen},
		{conversation.DeskBack, "Handed back", conversation.OwnerBot, conversation.StatusOpen},
		{conversation.DeskBack, "answers already", conversation.OwnerBot, conversation.StatusOpen},
		{conversation.DeskClose, "Closed", conversation.OwnerBot, conversation.StatusResolved},
		{conversation.DeskClose, "closed already", conversation.OwnerBot, conversation.StatusResolved},
		{conversation.DeskTake, "You hold this conversation now", conversation.OwnerStaff, conversation.StatusOpen},
		{"dance", "no longer works", conversation.OwnerStaff, conversation.StatusOpen},
	} {
		got := r.press(t, ana, c.action, "")
		if st := r.state(t, id); !strings.Contains(got, c.words) || st.Owner != c.owner || st.Status != c.status {
			t.Errorf("%s = %q, %s %s, want %q, %s %s", c.action, got, st.Owner, st.Status, c.words, c.owner, c.status)
		}
	}
	if got := r.press(t, voice("t9", "UANA", "", ""), conversation.DeskTake, ""); !strings.Contains(got, "no longer works") {
		t.Errorf("a button of another thread = %q, want it refused", got)
	}
}

func TestButtonsWaitForWhatTheCustomerWrote(t *testing.T) {
	r, id, _ := waiting(t)
	ana := voice("t1", "UANA", "", "")
	r.press(t, ana, conversation.DeskTake, "")
	r.wall.refuse(func(what string) error {
		if what == "post" {
			return errBusy
		}
		return nil
	})
	r.says(t, "1", "2", "And my other parcel?")
	for _, a := range []conversation.DeskAction{conversation.DeskBack, conversation.DeskClose} {
		got := r.press(t, ana, a, "")
		if st := r.state(t, id); !strings.Contains(got, "has written since") || st.Owner != conversation.OwnerStaff || st.Status == conversation.StatusResolved {
			t.Errorf("%s before the message is in the thread = %q, %s %s, want it refused", a, got, st.Owner, st.Status)
		}
	}
	r.wall.refuse(nil)
	r.wall.until(t, "it can be closed", func() bool { return strings.Contains(r.press(t, ana, conversation.DeskClose, ""), "Closed") })
	if n := holds(r.wall.posts("t1"), "And my other parcel?"); n != 1 {
		t.Errorf("the message stands there %d times when the conversation is closed, want once", n)
	}
}
