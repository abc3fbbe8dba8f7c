package slack

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"frontdesk/conversation/media"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/tokens"
)

func TestAFileIsAnsweredOnceWhateverItIs(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 60, 40))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		payload string
		info    map[string]any
		content http.HandlerFunc
		says    string
	}{
		"a picture":      {"file_share", nil, serves("image/png", "attachment", picture.String()), "I can't see pictures here"},
		"a sign-in page": {"file_share", nil, serves("text/html", "", "<html>Sign in</html>"), "couldn't get the file"},
		"a link":         {"file_external", map[string]any{"mode": "external", "is_external": true}, nil, "kept elsewhere"},
		"unheard sound":  {"file_clip", nil, serves("audio/mp4", "attachment", "\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeskWith(t, media.New(media.Config{Detect: extract.Detect, Extract: extract.Extract, Counter: tokens.For("")}))
			for _, id := range []string{"F0S43PZDF", "F0EXTERN1", "F0AUDIO01"} {
				d.slack.hold(id, c.info)
			}
			d.slack.files.content = c.content
			body := recorded(t, c.payload)
			for _, again := range []string{`"event_id":"Ev`, `"event_id":"EvAgain`} {
				if code := d.deliver(t, "/slack/events", strings.Replace(body, `"event_id":"Ev`, again, 1)); code != http.StatusOK {
					t.Fatalf("status %d, want 200", code)
				}
			}
			d.slack.until(t, "the answer", func() bool { return len(d.slack.visible()) > 0 })
			d.asks(t, "D024BE91L", 7)
			d.slack.until(t, "the next answer", func() bool {
				got := d.slack.visible()
				return strings.Contains(got[len(got)-1].Text, "question 7")
			})
			if got := d.slack.visible(); !strings.Contains(got[0].Text, c.says) || len(got) != 2 {
				t.Errorf("the customer was told %+v, want %q and then the next answer", got, c.says)
			}
		})
	}
}
