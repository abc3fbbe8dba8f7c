package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
)

var staffCommand = command{
	name: "staff", usage: "add EMAIL --role agent|admin [--password-stdin] | list | disable|enable|password|totp-reset EMAIL | role EMAIL --role ROLE | link EMAIL --slack ID|--telegram ID | unlink … | links", quiet: true,
	summary: "Add a member of staff, change their account, or say who they are on Slack and Telegram",
	help: `The roles are viewer (reads), agent (answers customers) and admin (also keeps the
knowledge). Without --password-stdin a password is made and shown once.

list shows everybody. disable ends somebody's sessions and lets them in no more, enable
undoes it; the last admin can be neither disabled nor given another role. password sets
the password to the first line of standard input and ends the sessions; totp-reset
removes a second factor whose owner has lost it. Each is in the audit log.

link makes a person on Slack or Telegram that member of staff, who may then answer
from there; unlink ends it, links lists them.

  frontdesk staff add ana@example.com --role agent
  frontdesk staff link ana@example.com --slack U024BE7LH
  frontdesk staff unlink --telegram 100200300
  frontdesk staff role ana@example.com --role admin
  printf '%s' "$PASSWORD" | frontdesk staff password ana@example.com
  printf '%s' "$PASSWORD" | frontdesk staff add ana@example.com --role admin --password-stdin`,
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		role := fs.String("role", "", "`ROLE` of the new member: viewer, agent or admin")
		fromStdin := fs.Bool("password-stdin", false, "read the password from the first line of standard input")
		var who linkFlags
		fs.StringVar(&who.slack, "slack", "", "`ID` of a person on Slack, such as U024BE7LH")
		fs.StringVar(&who.telegram, "telegram", "", "`ID` of a person on Telegram, a number")
		fs.StringVar(&who.workspace, "workspace", "", "`ID` of the only Slack workspace the link is for; any otherwise")
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) > 0 && (args[0] == "link" || args[0] == "unlink" || args[0] == "links") {
				return linkStaff(ctx, a, args, who)
			}
			if len(args) > 0 && args[0] == "list" {
				return listStaff(ctx, a, args)
			}
			if len(args) > 0 && staffActions[args[0]].do != nil {
				return changeStaff(ctx, a, args, staff.Role(*role))
			}
			if len(args) != 2 || args[0] != "add" {
				return usageError("say whom to add: staff add EMAIL")
			}
			if !staff.Role(*role).Valid() {
				return usageError("--role is viewer, agent or admin")
			}
			if _, err := staff.NormalizeEmail(args[1]); err != nil {
				return usageError(fmt.Sprintf("%q is not an e-mail address", args[1]))
			}
			password, made := staff.GeneratePassword(), true
			if *fromStdin {
				var err error
				if password, err = firstLine(a.stdin); err != nil {
					return err
				}
				made = false
			}
			return addStaff(ctx, a, args[1], password, staff.Role(*role), made)
		}
	},
}

func addStaff(ctx context.Context, a *app, email, password string, role staff.Role, made bool) error {
	db, err := openBeside(ctx, &a.cfg, a.log)
	if err != nil {
		return err
	}
	defer db.close()
	s := staff.New(conversationdb.NewStaffStore(db.pool), nil)
	account, err := s.Add(ctx, email, password, role)
	switch {
	case errors.Is(err, staff.ErrExists):
		return fmt.Errorf("%s is a member of staff already", email)
	case errors.Is(err, staff.ErrPassword):
		return fmt.Errorf("the password must have at least %d characters", staff.MinPasswordRunes)
	case err != nil:
		return err
	}
	if err := auditCommand(ctx, s, "staff add", account.ID, map[string]string{"email": account.Email, "role": string(account.Role)}); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Added %s as %s.\n", account.Email, account.Role)
	if made {
		fmt.Fprintf(a.stdout, "Password, shown only now: %s\n", password)
	}
	return nil
}

// firstLine reads a password that another program hands over.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("there is no password on standard input")
	}
	return line, nil
}

var tokenCommand = command{
	name: "token", usage: "create --name NAME --role viewer|agent|admin", quiet: true,
	summary: "Create a token for the admin API",
	help: `Prints the token, once: only its hash is kept. Send it as Authorization: Bearer TOKEN
to the API described at /api/v1/openapi.json.

  frontdesk token create --name importer --role admin`,
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		name := fs.String("name", "", "`NAME` of the token, which its actions are shown under")
		role := fs.String("role", "", "`ROLE` of whoever bears it: viewer, agent or admin")
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) != 1 || args[0] != "create" {
				return usageError("say what to do: token create")
			}
			if strings.TrimSpace(*name) == "" {
				return usageError("--name is missing")
			}
			if !staff.Role(*role).Valid() {
				return usageError("--role is viewer, agent or admin")
			}
			db, err := openBeside(ctx, &a.cfg, a.log)
			if err != nil {
				return err
			}
			defer db.close()
			s := staff.New(conversationdb.NewStaffStore(db.pool), nil)
			secret, t, err := s.CreateToken(ctx, *name, staff.Role(*role))
			if err != nil {
				return err
			}
			if err := auditCommand(ctx, s, "token create", t.ID, map[string]string{"name": t.Name, "role": string(t.Role)}); err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, secret)
			return nil
		}
	},
}
