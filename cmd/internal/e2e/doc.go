// Package e2e tests the program as a process of its own: killed, restarted, faced
// with a model that fails in every way, and asked over HTTP as customers ask.
package e2e
