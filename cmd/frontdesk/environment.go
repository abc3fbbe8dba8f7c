package main

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"frontdesk/conversation/console"
)

// environment is what the program was started with, as the console shows it. Of a secret
// it only says whether it is set, and of an address it leaves the password out.
func (c *Config) environment() []console.Variable {
	var list []console.Variable
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Tag.Get("env")
		if name == "" {
			continue
		}
		out := console.Variable{Name: name, About: f.Tag.Get("about"), Set: c.given[name]}
		switch value := v.Field(i).Interface().(type) {
		case Secret:
			out.Secret, out.Set = true, value.Set()
		case []string:
			out.Value = strings.Join(value, ",")
		default:
			out.Value = redacted(fmt.Sprint(value))
		}
		list = append(list, out)
	}
	return list
}

// redacted hides the name and password that an address may hold.
func redacted(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		if strings.Contains(s, "://") {
			return "[not shown]"
		}
		return s
	}
	if u.User == nil {
		return s
	}
	u.User = url.User("redacted")
	return u.String()
}
