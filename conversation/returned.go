package conversation

// ReasonGone is why conversations are in the queue whose holder may answer no more.
const ReasonGone Reason = "staff_gone"

// Returned is how a conversation that st.StaffID holds goes back to the queue because
// they may answer no more, by the word of the one with the id doer, or of whoever runs
// the server when that is empty. One that is put off stays so.
func Returned(st State, doer string) Change {
	c := Change{
		To: OwnerQueue, From: []Owner{OwnerStaff}, Holder: st.StaffID, Doer: doer, System: doer == "", Reason: ReasonGone,
		Messages: []NewMessage{{Author: AuthorSystem, Text: fill(lifeTextsFor(st.Locale).Gone, "{name}", st.StaffName)}},
	}
	if st.Status != StatusSnoozed {
		c.Status = StatusOpen
	}
	return c
}
