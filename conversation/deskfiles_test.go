package conversation

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// blank is a Reader that is never asked.
type blank struct{ Reader }

func TestAMessageWaitsForItsFilesOnADeskAndNotForever(t *testing.T) {
	const most = 30 * time.Second
	pending := []Attachment{{State: FileReady}, {State: FilePending}}
	now := time.Now()
	for name, c := range map[string]struct {
		m     Message
		deaf  bool
		waits bool
	}{
		"a file that is looked into":   {Message{Author: AuthorCustomer, At: now, Attachments: pending}, false, true},
		"one that takes too long":      {Message{Author: AuthorCustomer, At: now.Add(-2 * most), Attachments: pending}, false, false},
		"one that nobody looks into":   {Message{Author: AuthorCustomer, At: now, Attachments: pending}, true, false},
		"files that were looked into":  {Message{Author: AuthorCustomer, At: now, Attachments: pending[:1]}, false, false},
		"words alone":                  {Message{Author: AuthorCustomer, At: now}, false, false},
		"what is not the customer's":   {Message{Author: AuthorStaff, At: now, Attachments: pending}, false, false},
		"a clock that is behind of us": {Message{Author: AuthorCustomer, At: now.Add(time.Second), Attachments: pending}, false, true},
	} {
		d := &Desks{e: &Engine{d: Deps{Reader: blank{}}}, cfg: DeskConfig{Unread: most}}
		if c.deaf {
			d.e.d.Reader = nil
		}
		err := d.unread(c.m)
		if (err != nil) != c.waits {
			t.Errorf("%s: unread = %v, want waiting %v", name, err, c.waits)
		}
		if c.waits && (!errors.Is(err.(*SendError).Err, errUnread) || paced(err) != deskLook) {
			t.Errorf("%s: unread = %v, want it taken for a platform's pace", name, err)
		}
	}
}

func TestADeskSaysWhatAFileIs(t *testing.T) {
	for want, at := range map[string]Attachment{
		"jar.jpg, a picture, 1.5 MB":                                       {Kind: FileImage, Name: "jar.jpg", Bytes: 3 << 19, State: FileReady},
		"a recording, 12 kB, 1:05":                                         {Kind: FileVoice, Bytes: 12 << 10, Duration: 65 * time.Second, State: FileReady},
		"a video, 9 bytes (not looked into yet)":                           {Kind: FileVideo, Bytes: 9, State: FilePending},
		"x.zip, a document (not used: archives are not opened)":            {Kind: FileDocument, Name: "x.zip", State: FileRefused, Reason: RefusedArchive},
		"a document (not used: it could not be fetched from the platform)": {Kind: FileDocument, State: FileFailed, Reason: RefusedGone},
	} {
		if got := DeskFiles(Message{Attachments: []Attachment{at}})[0].Line; got != want {
			t.Errorf("%+v is %q, want %q", at, got, want)
		}
	}
	said := DeskFiles(Message{Attachments: []Attachment{{Text: strings.Repeat("so\n", 1000)}}})[0].Said
	if n := len([]rune(said)); n != maxDeskSaid || strings.Contains(said, "\n") {
		t.Errorf("what was said has %d characters, want one line of %d", n, maxDeskSaid)
	}
}

func TestEveryRefusalHasWordsForEverybody(t *testing.T) {
	for r := range staffReasons {
		for lang, t2 := range fileTexts {
			if t2.Reasons[r] == "" {
				t.Errorf("%s has no words for %q", lang, r)
			}
		}
	}
	for lang, words := range fileTexts {
		for r := range words.Reasons {
			if staffReasons[r] == "" {
				t.Errorf("staff hear nothing of %q, which %s has", r, lang)
			}
		}
	}
}

func TestOnlyWhatWasLookedIntoIsForwarded(t *testing.T) {
	file := func(s FileState, r Refusal, n int) File {
		return File{Attachment: Attachment{State: s, Reason: r}, Content: make([]byte, n)}
	}
	for name, c := range map[string]struct {
		f    File
		want bool
	}{
		"ready":               {file(FileReady, "", 5), true},
		"no ears here":        {file(FileRefused, RefusedNoHearing, 5), true},
		"too long to hear":    {file(FileRefused, RefusedDuration, 5), true},
		"an archive":          {file(FileRefused, RefusedArchive, 5), false},
		"nothing known":       {file(FileRefused, RefusedFormat, 5), false},
		"pending":             {file(FilePending, "", 5), false},
		"without bytes":       {file(FileReady, "", 0), false},
		"larger than allowed": {file(FileReady, "", MaxDeskFileBytes+1), false},
	} {
		if got := c.f.forwards(); got != c.want {
			t.Errorf("%s: forwards = %v, want %v", name, got, c.want)
		}
	}
}
