package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
)

// linkFlags say who on a platform is meant.
type linkFlags struct{ slack, telegram, workspace string }

// link is what the flags name.
func (f linkFlags) link() (staff.Link, error) {
	switch {
	case f.slack != "" && f.telegram == "":
		return staff.Link{Channel: "slack", ExternalID: f.slack, Account: f.workspace}, nil
	case f.telegram != "" && f.slack == "":
		return staff.Link{Channel: "telegram", ExternalID: f.telegram}, nil
	}
	return staff.Link{}, usageError("say who it is: --slack U… or --telegram NUMBER; each is told by the bot to whoever writes without being linked")
}

// linkStaff does what staff link, unlink and links ask for.
func linkStaff(ctx context.Context, a *app, args []string, f linkFlags) error {
	var l staff.Link
	var err error
	switch {
	case args[0] == "link" && len(args) != 2:
		return usageError("say whom to link: staff link EMAIL --slack U…")
	case args[0] == "unlink" && len(args) != 1:
		return usageError("say who it is on the platform alone: staff unlink --slack U…")
	case args[0] == "links" && len(args) != 1:
		return usageError("staff links takes no arguments")
	case args[0] != "links":
		if l, err = f.link(); err != nil {
			return err
		}
	}
	db, err := openBeside(ctx, &a.cfg, a.log)
	if err != nil {
		return err
	}
	defer db.close()
	s := staff.New(conversationdb.NewStaffStore(db.pool), nil)
	switch args[0] {
	case "link":
		l, err = s.Link(ctx, l, args[1])
		if err == nil {
			err = auditCommand(ctx, s, "staff link", l.Staff.ID, map[string]string{"channel": l.Channel, "external_id": l.ExternalID})
		}
		if err == nil {
			fmt.Fprintf(a.stdout, "On %s %s is %s (%s) now.\n", l.Channel, l.ExternalID, l.Staff.Email, l.Staff.Role)
			if !l.Staff.Role.Allows(staff.RoleAgent) {
				fmt.Fprintln(a.stdout, "A viewer reads there, but may not answer.")
			}
		}
	case "unlink":
		if err = s.Unlink(ctx, l); err == nil {
			err = auditCommand(ctx, s, "staff unlink", l.ExternalID, map[string]string{"channel": l.Channel})
		}
		if err == nil {
			fmt.Fprintf(a.stdout, "On %s %s is nobody now.\n", l.Channel, l.ExternalID)
		}
	default:
		return listLinks(ctx, a, s)
	}
	switch {
	case errors.Is(err, staff.ErrNotFound) && args[0] == "link":
		return fmt.Errorf("%s is no member of staff, or was disabled", args[1])
	case errors.Is(err, staff.ErrNotFound):
		return fmt.Errorf("on %s %s is nobody already", l.Channel, l.ExternalID)
	case errors.Is(err, staff.ErrLink):
		return errors.New("that is not a person's id: on Slack it begins with U or W, on Telegram it is a number")
	}
	return err
}

func listLinks(ctx context.Context, a *app, s *staff.Service) error {
	list, err := s.Links(ctx)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	for _, l := range list {
		state := string(l.Staff.Role)
		if l.Disabled {
			state = "disabled"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", l.Staff.Email, state, l.Channel, l.ExternalID, l.Account)
	}
	return tw.Flush()
}
