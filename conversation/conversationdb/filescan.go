package conversationdb

import (
	"encoding/json"
	"fmt"
	"time"

	"frontdesk/conversation"
)

// fileObject is a file of files f as fileList reads it.
const fileObject = `jsonb_build_object('seq', f.seq, 'id', f.id, 'kind', f.kind, 'name', f.name, 'media_type', f.media_type,
	'bytes', f.bytes, 'width', f.width, 'height', f.height, 'millis', f.duration_ms, 'text', f.body, 'state', f.state, 'reason', f.reason)`

// filesOfMessage are the files of messages m; filesOfTurn all that conversation
// c's turn may look back on.
const (
	filesOfMessage = `(SELECT jsonb_agg(` + fileObject + ` ORDER BY f.ord) FROM files f
		WHERE f.conversation_id = m.conversation_id AND f.seq = m.seq)`
	filesOfTurn = `(SELECT jsonb_agg(` + fileObject + ` ORDER BY f.seq, f.ord) FROM files f
		WHERE f.conversation_id = c.id AND f.seq > c.context_seq)`
)

// fileList scans an array of fileObject, or null.
type fileList []conversation.Attachment

type scannedFile struct {
	conversation.Attachment
	Seq    int64
	Millis int64
}

func (l *fileList) Scan(src any) error {
	list, err := scanFiles(src)
	*l = nil
	for _, f := range list {
		*l = append(*l, f.Attachment)
	}
	return err
}

// turnFiles scans the same and keeps what belongs to which message.
type turnFiles []scannedFile

func (l *turnFiles) Scan(src any) (err error) {
	*l, err = scanFiles(src)
	return err
}

// into puts the files with their messages.
func (l turnFiles) into(ms []conversation.Message) {
	for _, f := range l {
		for i := range ms {
			if ms[i].Seq == f.Seq {
				ms[i].Attachments = append(ms[i].Attachments, f.Attachment)
			}
		}
	}
}

func scanFiles(src any) ([]scannedFile, error) {
	var raw []byte
	switch v := src.(type) {
	case nil:
		return nil, nil
	case []byte:
		raw = v
	case string:
		raw = []byte(v)
	default:
		return nil, fmt.Errorf("files come as %T", src)
	}
	var list []scannedFile
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	for i := range list {
		list[i].Duration = time.Duration(list[i].Millis) * time.Millisecond
	}
	return list, nil
}
