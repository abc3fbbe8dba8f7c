package conversationdb_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// lockAccount is what whoever disables a conversation's holder locks.
const lockAccount = `SELECT FROM staff_accounts WHERE id = (SELECT staff_id FROM conversations WHERE id = $1) FOR UPDATE`

// queued is a conversation that the bot has handed over, its messages dealt with.
func (q quiet) queued(t *testing.T, sender string) string {
	t.Helper()
	id := q.says(t, "slack", sender, "Hello.")
	o := conversation.Outcome{Owner: conversation.OwnerQueue, Reason: conversation.ReasonAsked,
		Messages: []conversation.NewMessage{{Author: conversation.AuthorBot, Text: "I'll get somebody."}}}
	if _, _, err := q.store.Finish(t.Context(), q.turn(t, id), o); err != nil {
		t.Fatal(err)
	}
	return id
}

// writes has a sender write in a thread; if that is closed, for so short a time that they
// come back to who closed it.
func (q quiet) writes(t *testing.T, thread, sender string) (conversation.Receipt, error) {
	return q.store.Receive(t.Context(), conversation.Inbound{Channel: "slack", Account: "shop", Thread: thread, Sender: sender,
		ExternalID: knowledge.NewID(), Text: "One more thing.", Sticky: time.Hour}, conversation.Gather{})
}

func TestTheBotTakesUpWhatWasWrittenWhileItWasChosen(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.queued(t, "u1")
	err, held := q.during(t, lockTalk, func() error {
		_, err := q.ChooseBot(t.Context(), id)
		return err
	}, `WITH c AS (UPDATE conversations SET seq = seq + 1, epoch = epoch + 1, customer_at = now() WHERE id = $1 RETURNING id, seq, episode)
		INSERT INTO messages (conversation_id, seq, author, body, episode) SELECT id, seq, 'customer', 'Still there?', episode FROM c`, id)
	if err != nil || held != nil {
		t.Fatal(err, held)
	}
	turn := q.turn(t, id) // or nobody would ever answer it
	if n := len(turn.Messages); n < 2 || turn.Messages[n-2].Text != "Still there?" {
		t.Errorf("the turn's messages = %+v, want what was written meanwhile", turn.Messages)
	}
}

func TestWhoWritesAsTheConversationIsClosedComesBackToWhoClosedIt(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	by := q.here(t, "Ana")
	id := q.queued(t, "u1")
	if _, err := q.Takeover(t.Context(), id, by); err != nil {
		t.Fatal(err)
	}
	var r conversation.Receipt
	err, held := q.during(t, lockTalk, func() (err error) {
		r, err = q.writes(t, "u1", "u1")
		return err
	}, `UPDATE conversations SET status = 'resolved' WHERE id = $1`, id)
	if err != nil || held != nil || !r.Reopened || r.State.Owner != conversation.OwnerStaff || r.State.StaffID != by.StaffID {
		t.Errorf("Receive = %+v, %v beside %v, want it reopened with Ana", r.State, err, held)
	}
}

func TestWhoRepliesAsTheyHandBackJoinsAgain(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	by := q.here(t, "Ana")
	id := q.queued(t, "u1")
	if _, err := q.Takeover(t.Context(), id, by); err != nil {
		t.Fatal(err)
	}
	err, held := q.during(t, lockTalk, func() error {
		_, err := q.Reply(t.Context(), id, by, "One more thing.", "")
		return err
	}, `UPDATE conversations SET owner = 'bot', staff_id = NULL, staff_name = '', assignee_id = NULL, epoch = epoch + 1 WHERE id = $1`, id)
	if err != nil || held != nil {
		t.Fatal(err, held)
	}
	ms, err := q.Messages(t.Context(), id, 0, 99)
	if err != nil {
		t.Fatal(err)
	}
	var end []string
	for _, m := range ms[len(ms)-3:] {
		end = append(end, m.Text)
	}
	if want := []string{"Ana joined the chat.", "Ana joined the chat.", "One more thing."}; !slices.Equal(end, want) {
		t.Errorf("the log ends with %q, want %q: the first time she took it over", end, want)
	}
	if st, err := q.State(t.Context(), id); err != nil || st.StaffID != by.StaffID {
		t.Errorf("State = %+v, %v, want Ana's", st, err)
	}
}

func TestNobodyComesBackToWhomIsDisabled(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	by := q.here(t, "Ana")
	id := q.queued(t, "u1")
	if _, err := q.Takeover(t.Context(), id, by); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Resolve(t.Context(), id, by); err != nil {
		t.Fatal(err)
	}
	var r conversation.Receipt
	err, held := q.during(t, lockAccount, func() (err error) {
		r, err = q.writes(t, "u1", "u1")
		return err
	}, `UPDATE staff_accounts SET disabled_at = now() WHERE id = (SELECT staff_id FROM conversations WHERE id = $1)`, id)
	if err != nil || held != nil || r.State.Owner != conversation.OwnerBot {
		t.Errorf("Receive = %+v, %v beside %v, want it reopened with the bot", r.State, err, held)
	}
}

// here is a person with a console open.
func (q quiet) here(t *testing.T, name string) conversation.Actor {
	t.Helper()
	by := q.person(t, name)
	if err := q.store.StaffHere(t.Context(), knowledge.NewID(), by.StaffID); err != nil {
		t.Fatal(err)
	}
	return by
}

func TestNobodyWhoIsBeingDisabledIsFoundForAConversation(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	gone, stays := q.here(t, "Ana"), q.here(t, "Ben")
	id := q.queued(t, "u1")
	q.exec(t, `INSERT INTO staff_rounds VALUES ($1, now())`, stays.StaffID) // whose turn it is not
	var to conversation.Named
	err, held := q.during(t, `SELECT FROM staff_accounts WHERE id = $1 FOR UPDATE`, func() (err error) {
		to, _, err = q.store.SetAssignee(t.Context(), id, stays, conversation.Assignment{Auto: true})
		return err
	}, `UPDATE staff_accounts SET disabled_at = now() WHERE id = $1`, gone.StaffID)
	if err != nil || held != nil || to.ID != stays.StaffID {
		t.Errorf("SetAssignee = %+v, %v beside %v, want Ben", to, err, held)
	}
}

func TestWhoIsBlockedIsSoInAThreadTheyBeginMeanwhile(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	err, held := q.during(t, `WITH p AS (UPDATE contacts SET blocked = true WHERE id = (SELECT contact_id FROM conversations WHERE id = $1) RETURNING id)
			UPDATE conversations SET blocked = true FROM p WHERE contact_id = p.id`, func() error {
		_, err := q.writes(t, "another", "u1")
		return err
	}, lockTalk, id)
	if n := q.count(t, `conversations WHERE thread = 'another' AND blocked AND turn_due_at IS NULL`); err != nil || held != nil || n != 1 {
		t.Errorf("Receive = %v beside %v, want the thread begun and blocked", err, held)
	}
}

func TestTwoFirstMessagesMakeOneContact(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	err, held := q.during(t, `WITH p AS (INSERT INTO contacts (id) VALUES ($1) RETURNING id)
			INSERT INTO identities (channel, account, external_id, contact_id) SELECT 'slack', 'shop', 'u1', id FROM p`, func() error {
		_, err := q.writes(t, "u1", "u1")
		return err
	}, `SELECT FROM contacts WHERE id = $1`, knowledge.NewID())
	if n := q.count(t, `contacts`); err != nil || held != nil || n != 1 {
		t.Errorf("Receive = %v beside %v, %d contacts, want one: the other is nobody's, and keeps a name that nobody would erase", err, held, n)
	}
}

func TestWhoIsBeingMergedMayRate(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	into := q.contactOf(t, q.says(t, "telegram", "u2", "Hello."))
	if _, err := q.Resolve(t.Context(), id, conversation.Actor{}); err != nil {
		t.Fatal(err)
	}
	err, held := q.during(t, `SELECT FROM conversations WHERE id = $1 AND $2::uuid IS NOT NULL FOR UPDATE`, func() error {
		_, err := q.store.RateEpisode(t.Context(), id, conversation.Rating{Score: 5,
			By: conversation.Rater{Channel: "slack", Account: "shop", Sender: "u1"}}, time.Hour, time.Hour)
		return err
	}, `WITH c AS (UPDATE conversations SET contact_id = $2 WHERE id = $1) UPDATE identities SET contact_id = $2 WHERE external_id = 'u1'`, id, into)
	if err != nil || held != nil {
		t.Errorf("RateEpisode = %v beside %v, want it rated", err, held)
	}
}

func TestALookSeesWhatItsClaimCounts(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	first, second := q.says(t, "slack", "u1", "Hello."), q.says(t, "slack", "u2", "Hello.")
	turn := q.turn(t, second)
	q.exec(t, `UPDATE episodes SET due_at = now() - CASE WHEN conversation_id = $1 THEN interval '2 hours' ELSE interval '1 hour' END`, first)
	// The claim stops between the two, having begun before the second is handed over.
	q.exec(t, `CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END'`)
	q.exec(t, `CREATE TRIGGER stop_here BEFORE UPDATE ON episodes FOR EACH ROW WHEN (NEW.lease_token IS NOT NULL) EXECUTE FUNCTION stop_here()`)
	now := time.Now().Add(time.Minute)
	var lives []conversation.Life
	done := make(chan struct{})
	var went error
	held := pgx.BeginFunc(t.Context(), q.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock(4711)`); err != nil {
			return err
		}
		go func() {
			defer close(done)
			lives, went = q.store.ClaimLives(t.Context(), now, 10, time.Minute)
		}()
		dbtest.UntilStuck(t, q.pool, done)
		_, _, err := q.store.Finish(t.Context(), turn, conversation.Outcome{Owner: conversation.OwnerQueue, Reason: conversation.ReasonAsked})
		return err
	})
	<-done
	if held != nil || went != nil || len(lives) != 2 {
		t.Fatalf("ClaimLives = %+v, %v beside %v, want both", lives, went, held)
	}
	for _, l := range lives {
		if l.State.Conversation != second {
			continue
		}
		// Never to be looked at again, it says, going by what it read.
		if err := q.store.SettleLife(t.Context(), l, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if n := q.count(t, fmt.Sprintf(`episodes WHERE conversation_id = '%s' AND due_at IS NOT NULL`, second)); l.State.Owner != conversation.OwnerQueue && n != 1 {
			t.Errorf("the look read %s as its owner and settles the news that it is the queue's: staff are not reminded", l.State.Owner)
		}
	}
}

func TestALineOfTheLogThatIsTriedAgainIsNotTidiedAway(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := knowledge.NewID()
	q.exec(t, `INSERT INTO webhooks (id, url, events) VALUES ($1, 'https://example.com', '{}')`, id)
	q.exec(t, `INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, data, state, created_at)
		SELECT gen_random_uuid(), $1, gen_random_uuid(), 'message', '{}', 'failed', now() - n * interval '1 second' FROM generate_series(1, $2::int) n`,
		id, conversation.MaxWebhookLog+1)
	const oldest = `(SELECT id FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY created_at LIMIT 1)`
	err, held := q.during(t, `SELECT FROM webhook_deliveries WHERE id = `+oldest+` FOR UPDATE`, func() error {
		_, err := q.store.TidyWebhooks(t.Context())
		return err
	}, `UPDATE webhook_deliveries SET state = 'pending', due_at = now() WHERE id = `+oldest, id)
	if n := q.count(t, `webhook_deliveries WHERE state = 'pending'`); err != nil || held != nil || n != 1 {
		t.Errorf("TidyWebhooks = %v beside %v, %d deliveries wait, want the one that is tried again", err, held, n)
	}
}

func TestNothingIsClosedOverAMessageThatNobodyHasSeen(t *testing.T) {
	for name, end := range map[string]func(q quiet, id string, by conversation.Actor, seen int64) (conversation.State, error){
		"resolve": func(q quiet, id string, by conversation.Actor, seen int64) (conversation.State, error) {
			return conversation.NewInbox(q.Engine, q.store).Resolve(t.Context(), id, by, "done", seen)
		},
		"hand back": func(q quiet, id string, by conversation.Actor, seen int64) (conversation.State, error) {
			return conversation.NewInbox(q.Engine, q.store).Handback(t.Context(), id, by, seen)
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuiet(t, dbtest.URL(t))
			by := q.person(t, "Ana")
			id := q.queued(t, "u1")
			st, err := q.Takeover(t.Context(), id, by)
			if err != nil {
				t.Fatal(err)
			}
			// What they wait for is the customer's next message.
			err, held := q.during(t, lockTalk, func() error {
				_, err := end(q, id, by, st.Seq)
				return err
			}, `WITH c AS (UPDATE conversations SET seq = seq + 1, epoch = epoch + 1, customer_at = now() WHERE id = $1 RETURNING id, seq, episode)
				INSERT INTO messages (conversation_id, seq, author, body, episode) SELECT id, seq, 'customer', 'One more thing.', episode FROM c`, id)
			if !errors.Is(err, conversation.ErrUnseen) || held != nil {
				t.Errorf("%s = %v beside %v, want ErrUnseen", name, err, held)
			}
			if now, err := q.State(t.Context(), id); err != nil || now.Owner != conversation.OwnerStaff || now.Status == conversation.StatusResolved {
				t.Errorf("the conversation is %+v, %v, want it Ana's and open", now, err)
			}
			if _, err := end(q, id, by, st.Seq+1); err != nil {
				t.Errorf("%s with the message seen = %v", name, err)
			}
			if _, err := end(q, id, by, st.Seq); err != nil {
				t.Errorf("%s once more = %v, want no change and no error", name, err)
			}
		})
	}
}
