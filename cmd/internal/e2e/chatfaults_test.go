package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/fakechat"
	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// number finds what makes every text of these tests one of its kind.
var number = regexp.MustCompile(`no\. ?\d+`)

// numbered answers each question with a number of its own.
func numbered() func(fakeai.Request) fakeai.Reply {
	var n atomic.Int64
	return func(fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: fmt.Sprintf("You have sixty days, says answer no. %d, to send boots back [1].", n.Add(1))}
	}
}

const bootsQuestion = "how long have I got for sending back boots that do not fit?"

// injured is a conversation whose deliveries meet a fault.
type injured struct {
	name, platform, place string
	faults                []fakechat.Fault
	// copies is how often the first message arrives: where the platform has no key by
	// which a repeat is known, one that was carried out unheard comes twice.
	copies int
}

func injuries() []*injured {
	var all []*injured
	for i, c := range []struct {
		name     string
		f        []fakechat.Fault
		telegram int
	}{
		{"429, Retry-After 3 s", []fakechat.Fault{{Status: 429, RetryAfter: 3}}, 1},
		{"503 three times", []fakechat.Fault{{Status: 503}, {Status: 500}, {Status: 502}}, 1},
		{"no answer (not carried out)", []fakechat.Fault{{Hang: true}}, 1},
		{"cut within the answer (carried out)", []fakechat.Fault{{Cut: true}}, 2},
		{"a page that is not the platform's", []fakechat.Fault{{Garbage: true}}, 1},
	} {
		all = append(all,
			&injured{c.name, "slack", fmt.Sprintf("D0FAULT%02d", i), c.f, 1},
			&injured{c.name, "telegram", strconv.Itoa(500 + i), c.f, c.telegram})
	}
	return all
}

// TestEveryDeliveryFaultEndsInOneCopyInOrder has each platform fail in each of its
// ways in a conversation of its own, all at once, in one server, and looks that every
// message arrives, in order, and that nobody else waits.
func TestEveryDeliveryFaultEndsInOneCopyInOrder(t *testing.T) {
	t.Parallel()
	c := newChats(t, numbered(), "TELEGRAM_WEBHOOK_SECRET="+hookSecret, "PUBLIC_URL=https://desk.example.com")
	c.start()
	c.hire()
	c.until("slack", true, "speaks as")
	c.until("telegram", true, "webhook registered")
	staff := staffOf(t, c.o, c.server.URL)

	all := injuries()
	began := time.Now()
	for i, x := range all {
		if x.platform == "slack" {
			c.slack.Fail("chat.postMessage", x.place, x.faults...)
			c.slackSays(x.place, fmt.Sprintf("U0FAULT%02d", i), "", bootsQuestion)
			continue
		}
		c.telegram.Fail("sendMessage", x.place, x.faults...)
		chat, _ := strconv.ParseInt(x.place, 10, 64)
		c.hookSays(fakechat.TelegramMessage(int64(1000+i), chat, chat, int64(i+1), 0, bootsQuestion))
	}
	// Others are answered while those hang: they write once all have been tried.
	for deadline := time.Now().Add(patience); c.slack.Calls("chat.postMessage") < len(all)/2 || c.telegram.Calls("sendMessage") < len(all)/2; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d and %d answers were tried, want %d each", c.slack.Calls("chat.postMessage"), c.telegram.Calls("sendMessage"), len(all)/2)
		}
	}
	c.slackSays("D0HEALTHY", "U0HEALTHY", "", bootsQuestion)
	c.hookSays(fakechat.TelegramMessage(2000, 600, 600, 1, 0, bootsQuestion))
	if known := ask(t, c.ctx, c.server.URL, bootsQuestion); known.Author != "bot" {
		t.Errorf("the widget was answered %s", known.Raw)
	}
	c.reads(c.slack, "D0HEALTHY", "sixty days")
	c.reads(c.telegram, "600", "sixty days")
	for _, x := range all {
		if x.faults[0].Hang && len(c.posts(x)) > 0 {
			t.Errorf("%s on %s ended before the others were answered: they waited for it", x.name, x.platform)
		}
	}

	// Staff write to all of them before the faults are over.
	ids := c.conversations(staff)
	for _, x := range all {
		id := ids[x.place]
		for i := range 2 {
			staff.post("/api/v1/conversations/"+id+"/reply", map[string]string{"text": fmt.Sprintf("Reply no. %d%d to %s", 9, i, x.place)}, 201)
		}
	}
	t.Logf("| platform | fault of a delivery | messages | copies of the first | in order | first one after |")
	for _, x := range all {
		got := c.settled(x, staff, ids[x.place])
		first := got[0].At().Sub(began).Round(100 * time.Millisecond)
		copies, order := c.compare(x, staff, ids[x.place], got)
		t.Logf("| %s | %s | %d | %d | %t | %v |", x.platform, x.name, len(got), copies, order, first)
	}
	c.keepsSecrets(staff)
}

func (c *chats) posts(x *injured) []fakechat.Post {
	if x.platform == "slack" {
		return c.slack.Posts(x.place)
	}
	return c.telegram.Posts(x.place)
}

// conversations are the ids of all, by place.
func (c *chats) conversations(staff colleague) map[string]string {
	c.t.Helper()
	db, err := pgx.Connect(c.ctx, c.database())
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(c.ctx))
	rows, err := db.Query(c.ctx, `SELECT thread, id::text FROM conversations`)
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]string{}
	var thread, id string
	if _, err := pgx.ForEachRow(rows, []any{&thread, &id}, func() error { out[thread] = id; return nil }); err != nil {
		c.t.Fatal(err)
	}
	return out
}

func (c *chats) database() string {
	for _, e := range c.o.Env {
		if url, ok := strings.CutPrefix(e, "DATABASE_URL="); ok {
			return url
		}
	}
	return ""
}

// logged are the numbers of what the customer was to get, in the order of the log.
func logged(staff colleague, id string) []string {
	staff.t.Helper()
	var log struct {
		Messages []struct{ Author, Text string }
	}
	staff.do(http.MethodGet, "/api/v1/conversations/"+id+"/messages", nil, &log, 200)
	var out []string
	for _, m := range log.Messages {
		if m.Author != "customer" {
			out = append(out, number.FindAllString(m.Text, -1)...)
		}
	}
	return out
}

func shown(posts []fakechat.Post) (out []string) {
	for _, p := range posts {
		out = append(out, number.FindAllString(strings.ReplaceAll(p.Text, `\`, ""), -1)...)
	}
	return out
}

// settled waits until all that was logged stands in the place.
func (c *chats) settled(x *injured, staff colleague, id string) []fakechat.Post {
	c.t.Helper()
	want := logged(staff, id)
	if len(want) != 3 {
		c.t.Fatalf("%s on %s: %q is logged, want an answer and two replies", x.name, x.platform, want)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got := c.posts(x)
		if n := shown(got); len(n) > 0 && n[len(n)-1] == want[len(want)-1] {
			return got
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s on %s: posted %+v, want %q", x.name, x.platform, got, want)
		}
	}
}

// compare says how often the first message stands there and whether all are in order.
func (c *chats) compare(x *injured, staff colleague, id string, posts []fakechat.Post) (copies int, order bool) {
	c.t.Helper()
	want, got := logged(staff, id), shown(posts)
	for _, n := range got {
		if n == want[0] {
			copies++
		}
	}
	order = slices.Equal(slices.Compact(slices.Clone(got)), want)
	if copies != x.copies || !order || len(got) != len(want)-1+x.copies {
		c.t.Errorf("%s on %s: posted %q, want %q, the first of them %d times", x.name, x.platform, got, want, x.copies)
	}
	return copies, order
}

// TestPlatformsOutOfReachAtTheStartAreFoundLater starts a server whose platforms do
// not listen yet: it is ready, takes what is said, and delivers once they are there.
func TestPlatformsOutOfReachAtTheStartAreFoundLater(t *testing.T) {
	t.Parallel()
	c := newChats(t, numbered())
	slackAt, telegramAt := freeAddress(t), freeAddress(t)
	c.o.Env = append(c.o.Env, "SLACK_API_URL=http://"+slackAt+"/api", "TELEGRAM_API_URL=http://"+telegramAt)
	c.start()
	c.until("slack", false, "cannot be reached")
	c.until("telegram", false, "cannot be reached")
	c.until("slack staff", false, "")
	if doctor := c.run("", "doctor"); strings.Count(doctor, "cannot be reached") < 2 {
		t.Errorf("doctor says\n%s\nwant of both platforms that they cannot be reached", doctor)
	}
	if known := ask(t, c.ctx, c.server.URL, bootsQuestion); known.Author != "bot" {
		t.Errorf("the widget was answered %s", known.Raw)
	}
	c.slackSays("D0CLEO001", "U0CLEO001", "", bootsQuestion)
	c.slackSays("D0CLEO002", "U0CLEO002", "", "talk to a person")
	c.telegram.Say(5, 5, 0, bootsQuestion)

	serveAt(t, slackAt, c.slack)
	serveAt(t, telegramAt, c.telegram)
	c.reads(c.slack, "D0CLEO001", "sixty days")
	c.reads(c.slack, "D0CLEO002", "asked our team")
	c.reads(c.slack, staffChannel, "talk to a person", "frontdesk_take")
	c.reads(c.telegram, "5", "sixty days")
	for _, name := range []string{"slack", "slack staff", "telegram"} {
		c.until(name, true, "")
	}
	if n := count(c.slack.Posts("D0CLEO001"), "sixty days"); n != 1 {
		t.Errorf("the answer stands on Slack %d times, want once", n)
	}
	if n := count(c.telegram.Posts("5"), "sixty days"); n != 1 {
		t.Errorf("the answer was sent on Telegram %d times, want once", n)
	}
	c.keepsSecrets(staffOf(t, c.o, c.server.URL))
}

// TestAWrongTokenStopsNobodyElse runs with tokens that are refused, and then with the
// right ones: what was said meanwhile is answered then.
func TestAWrongTokenStopsNobodyElse(t *testing.T) {
	t.Parallel()
	c := newChats(t, numbered(), "TELEGRAM_WEBHOOK_SECRET="+hookSecret, "PUBLIC_URL=https://desk.example.com")
	right := slices.Clone(c.o.Env)
	c.o.Env = append(c.o.Env, "SLACK_BOT_TOKEN=xoxb-canary-wrong", "TELEGRAM_BOT_TOKEN=777001:canary-wrong")
	c.start()
	c.until("slack", false, "SLACK_BOT_TOKEN is refused (invalid_auth)")
	c.until("telegram", false, "Telegram refuses the token")
	if doctor := c.run("", "doctor"); !strings.Contains(doctor, "is refused (invalid_auth)") || !strings.Contains(doctor, "Telegram refuses the token") {
		t.Errorf("doctor says\n%s\nwant that both tokens are refused", doctor)
	}
	if known := ask(t, c.ctx, c.server.URL, bootsQuestion); known.Author != "bot" {
		t.Errorf("the widget was answered %s", known.Raw)
	}
	c.slackSays("D0CLEO001", "U0CLEO001", "", bootsQuestion)
	c.hookSays(fakechat.TelegramMessage(1, 5, 5, 1, 0, bootsQuestion))
	staff := staffOf(t, c.o, c.server.URL)
	db, err := pgx.Connect(c.ctx, c.database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(c.ctx))
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var tried int
		if err := db.QueryRow(c.ctx, `SELECT count(*) FROM deliveries WHERE state = 'pending' AND attempts > 0 AND lease_token IS NULL`).Scan(&tried); err != nil {
			t.Fatal(err)
		}
		if tried == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d answers wait for a better token, want 2", tried)
		}
	}
	c.keepsSecrets(staff)
	if err := c.server.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}

	// They would be tried within the minute; here that is over at once.
	if _, err := db.Exec(c.ctx, `UPDATE deliveries SET due_at = now() WHERE state = 'pending'`); err != nil {
		t.Fatal(err)
	}
	c.o.Env = right
	c.start()
	c.reads(c.slack, "D0CLEO001", "sixty days")
	c.reads(c.telegram, "5", "sixty days")
	if n, m := count(c.slack.Posts("D0CLEO001"), "sixty days"), count(c.telegram.Posts("5"), "sixty days"); n != 1 || m != 1 {
		t.Errorf("the answers stand %d and %d times, want once each", n, m)
	}
}

// TestUpdatesAreFetchedThroughEveryFault has fetching fail in each way while customers
// write: each message is stored once and answered, and /readyz says what is wrong.
func TestUpdatesAreFetchedThroughEveryFault(t *testing.T) {
	t.Parallel()
	c := newChats(t, numbered())
	c.start()
	c.until("telegram", true, "fetching updates")
	for i, x := range []struct {
		name string
		f    fakechat.Fault
		says string
	}{
		{"429, Retry-After 2 s", fakechat.Fault{Status: 429, RetryAfter: 2}, "asks to wait 2s"},
		{"503", fakechat.Fault{Status: 503}, "answer 503 is not Telegram's"},
		{"cut within the answer", fakechat.Fault{Cut: true}, "not Telegram's"},
		{"a page that is not the platform's", fakechat.Fault{Garbage: true}, "not Telegram's"},
		{"a second poller", fakechat.Fault{Status: 409, Code: "terminated by other getUpdates request"}, "another program fetches this bot's updates"},
	} {
		if x.f.Status == 409 {
			// Half a minute is left to whoever stops the other program.
			c.telegram.Fail("getUpdates", "", x.f)
			c.telegram.Say(int64(100+i), int64(100+i), 0, bootsQuestion)
			c.until("telegram", false, x.says)
			t.Logf("| telegram | fetching: %s | shown in /readyz, tried again after 30 s |", x.name)
			break
		}
		c.telegram.Fail("getUpdates", "", x.f)
		place := strconv.Itoa(100 + i)
		c.telegram.Say(int64(100+i), int64(100+i), 0, bootsQuestion) // ends the request that waits; the next meets the fault
		if x.f.Cut {                                                 // an answer with something in it is cut
			c.telegram.Say(150, 150, 0, bootsQuestion)
		}
		c.until("telegram", false, x.says)
		c.reads(c.telegram, place, "sixty days")
		c.until("telegram", true, "fetching updates")
		if n := count(c.telegram.Posts(place), "sixty days"); n != 1 {
			t.Errorf("%s: answered %d times, want once", x.name, n)
		}
		t.Logf("| telegram | fetching: %s | stored once, answered once |", x.name)
	}
	v, err := visitor.New(c.ctx, c.client, c.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Send(c.ctx, knowledge.NewID(), bootsQuestion); err != nil {
		t.Errorf("the widget, while Telegram fails: %v", err)
	}
	c.keepsSecrets(staffOf(t, c.o, c.server.URL))
}

// TestStaffThreadsSurviveEveryFault has the staff channel fail while a conversation is
// brought there: one brief, each message once.
func TestStaffThreadsSurviveEveryFault(t *testing.T) {
	t.Parallel()
	c := newChats(t, numbered(), "TELEGRAM_WEBHOOK_SECRET="+hookSecret, "PUBLIC_URL=https://desk.example.com")
	c.start()
	c.hire()
	c.until("slack", true, "speaks as")
	c.slack.Fail("chat.postMessage", staffChannel, fakechat.Fault{Status: 429, RetryAfter: 1}, fakechat.Fault{Status: 503}, fakechat.Fault{Cut: true},
		fakechat.Fault{Cut: true}, fakechat.Fault{Garbage: true}, fakechat.Fault{Status: 429, RetryAfter: 1})
	c.hookSays(fakechat.TelegramMessage(1, 5, 5, 1, 0, "/human Where is parcel no. 1?"))
	c.reads(c.telegram, "5", "asked our team") // the customer does not wait for the desk
	c.hookSays(fakechat.TelegramMessage(2, 5, 5, 2, 0, "It is parcel no. 2, sorry."))
	root := c.reads(c.slack, staffChannel, "parcel", "frontdesk_take")
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	if _, err := c.slack.Wait(ctx, staffChannel, func(m fakechat.Post) bool { return m.Thread != "" && strings.Contains(m.Text, "no. 2") }); err != nil {
		t.Fatal(err)
	}
	c.until("slack staff", true, staffChannel)
	c.slackSays(staffChannel, slackAna, root.ID, "It is on its way, no. 3.")
	c.reads(c.telegram, "5", "It is on its way")
	posts := c.slack.Posts(staffChannel)
	briefs, thread := 0, []fakechat.Post{}
	for _, p := range posts {
		if p.Thread == "" {
			briefs++
		} else {
			thread = append(thread, p)
		}
	}
	if got := shown(thread); briefs != 1 || !slices.Equal(got, []string{"no. 2"}) || count(thread, "asked our team") != 1 {
		t.Errorf("the staff channel has %d briefs and %q in the thread, want one, and what came after it once: %+v", briefs, got, thread)
	}
	t.Logf("| slack staff | 429, 503, cut twice, another's page, 429 | one brief, each message once, in order |")
	c.keepsSecrets(staffOf(t, c.o, c.server.URL))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := proc.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// serveAt serves h at an address until the test ends.
func serveAt(t *testing.T, address string, h http.Handler) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: patience}
	go srv.Serve(l) // ends with Close
	t.Cleanup(func() { srv.Close() })
}
