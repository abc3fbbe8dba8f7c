package knowledge

import "time"

// DeletedFor is how long a deleted document can come back.
const DeletedFor = 30 * 24 * time.Hour

// Deleted is a document that was deleted and can come back. Nothing of it is found,
// listed or cited meanwhile.
type Deleted struct {
	Document
	At time.Time
	By Person
}

// Until is when it is erased.
func (d Deleted) Until() time.Time { return d.At.Add(DeletedFor) }
