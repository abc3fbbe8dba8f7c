package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
)

// staffAction is what a staff command does to one account, and what it notes of it.
type staffAction struct {
	done string // for people; the address follows
	do   func(ctx context.Context, s *staff.Service, email string, f staffFlags) (staff.Account, error)
}

// staffFlags are the flags such a command may have.
type staffFlags struct {
	role     staff.Role
	password string // the first line of standard input
}

// staffActions are the commands that change an account that is there.
var staffActions = map[string]staffAction{
	"disable": {"Disabled", func(ctx context.Context, s *staff.Service, email string, _ staffFlags) (staff.Account, error) {
		return s.ChangeByEmail(ctx, email, staff.Change{Disabled: new(true)})
	}},
	"enable": {"Enabled", func(ctx context.Context, s *staff.Service, email string, _ staffFlags) (staff.Account, error) {
		return s.ChangeByEmail(ctx, email, staff.Change{Disabled: new(false)})
	}},
	"role": {"Changed the role of", func(ctx context.Context, s *staff.Service, email string, f staffFlags) (staff.Account, error) {
		return s.ChangeByEmail(ctx, email, staff.Change{Role: &f.role})
	}},
	"password": {"Changed the password, and ended the sessions, of", func(ctx context.Context, s *staff.Service, email string, f staffFlags) (staff.Account, error) {
		return s.ResetPassword(ctx, email, f.password)
	}},
	"totp-reset": {"Removed the second factor of", func(ctx context.Context, s *staff.Service, email string, _ staffFlags) (staff.Account, error) {
		return s.ResetTOTP(ctx, email)
	}},
}

// changeStaff runs one of staffActions: args are its name and an address.
func changeStaff(ctx context.Context, a *app, args []string, role staff.Role) error {
	if len(args) != 2 {
		return usageError("say whom it is about: staff " + args[0] + " EMAIL")
	}
	if _, err := staff.NormalizeEmail(args[1]); err != nil {
		return usageError(fmt.Sprintf("%q is not an e-mail address", args[1]))
	}
	f := staffFlags{role: role}
	switch args[0] {
	case "role":
		if !role.Valid() {
			return usageError("--role is viewer, agent or admin")
		}
	case "password":
		var err error
		if f.password, err = firstLine(a.stdin); err != nil {
			return err
		}
	}
	db, err := openBeside(ctx, &a.cfg, a.log)
	if err != nil {
		return err
	}
	defer db.close()
	s := staff.New(conversationdb.NewStaffStore(db.pool), nil)
	action := staffActions[args[0]]
	account, err := action.do(ctx, s, args[1], f)
	if err != nil {
		return explainStaff(err, args[1])
	}
	detail := map[string]string{"email": account.Email}
	if args[0] == "role" {
		detail["role"] = string(account.Role)
	}
	if err := auditCommand(ctx, s, "staff "+args[0], account.ID, detail); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s %s.\n", action.done, account.Email)
	return nil
}

func explainStaff(err error, email string) error {
	switch {
	case errors.Is(err, staff.ErrNotFound):
		return fmt.Errorf("%s is no member of staff, or is disabled", email)
	case errors.Is(err, staff.ErrLastAdmin):
		return fmt.Errorf("%s is the last admin; make somebody else one first", email)
	case errors.Is(err, staff.ErrTOTPOff):
		return fmt.Errorf("%s has no second factor", email)
	case errors.Is(err, staff.ErrPassword):
		return fmt.Errorf("the password must have at least %d characters", staff.MinPasswordRunes)
	}
	return err
}

// auditCommand writes down what a command changed.
func auditCommand(ctx context.Context, s *staff.Service, action, target string, detail map[string]string) error {
	err := s.Record(ctx, staff.AuditEntry{
		Actor: staff.Actor{Kind: staff.ActorCommand, Name: "frontdesk"}, Action: action, Target: target, Detail: detail,
	})
	if err != nil {
		return fmt.Errorf("it was done, but could not be written to the audit log: %w", err)
	}
	return nil
}

// listStaff prints everybody.
func listStaff(ctx context.Context, a *app, args []string) error {
	if len(args) != 1 {
		return usageError("staff list takes no arguments")
	}
	db, err := openBeside(ctx, &a.cfg, a.log)
	if err != nil {
		return err
	}
	defer db.close()
	list, err := staff.New(conversationdb.NewStaffStore(db.pool), nil).Members(ctx)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	for _, m := range list {
		state := "password"
		if m.TOTP {
			state = "password and code"
		}
		if m.Disabled {
			state = "disabled"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", m.Email, m.Role, m.Name, state)
	}
	return tw.Flush()
}
