package conversationdb_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// BenchmarkReceiveBesideWebhooks times a customer's message with the triggers of webhooks
// in place, while nobody wants anything and while one webhook wants every message,
// against the same without them. Blocks of each kind alternate, since the machine's own
// pace changes meanwhile; the figures are medians of single messages.
func BenchmarkReceiveBesideWebhooks(b *testing.B) {
	pool := dbtest.New(b)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{Concurrency: -1}, conversation.Deps{Store: store, Finder: passages{}, Counter: wordCounter{}})
	if err != nil {
		b.Fatal(err)
	}
	exec := func(sql string) {
		if _, err := pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	const ours = `DO $$ DECLARE t record; BEGIN
		FOR t IN SELECT tgname, tgrelid::regclass AS rel FROM pg_trigger WHERE tgname LIKE 'webhook\_%' LOOP
			EXECUTE format('ALTER TABLE %s MODE TRIGGER %I', t.rel, t.tgname);
		END LOOP; END $$`
	kinds := []struct{ name, before string }{
		{"without", "DISABLE"}, {"nobody", "ENABLE"}, {"wanted", "ENABLE"},
	}
	took := map[string][]time.Duration{}
	n := 0
	for b.Loop() {
		for _, k := range kinds {
			exec(strings.Replace(ours, "MODE", k.before, 1))
			exec(`TRUNCATE webhooks`)
			if k.name == "wanted" {
				exec(`INSERT INTO webhooks (id, url, events) VALUES (gen_random_uuid(), 'https://hooks.example/', '{message.created}')`)
			}
			for i := range 220 {
				n++
				in := conversation.Inbound{Channel: "slack", Account: "T1", Thread: strconv.Itoa(n % 50), Sender: strconv.Itoa(n % 50), ExternalID: knowledge.NewID(), Text: "Where is my parcel?"}
				began := time.Now()
				if _, err := e.Receive(b.Context(), in); err != nil {
					b.Fatal(err)
				}
				if i >= 20 { // the first ones see plans and catalogs anew
					took[k.name] = append(took[k.name], time.Since(began))
				}
			}
		}
	}
	for _, k := range kinds {
		slices.Sort(took[k.name])
		b.ReportMetric(float64(took[k.name][len(took[k.name])/2].Microseconds()), "us-"+k.name)
	}
}
