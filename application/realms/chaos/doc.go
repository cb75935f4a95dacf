// Package chaos is a realm for test/chaos: intents whose steps leave countable effects and fail as they are told. All but this file is
// compiled with -tags chaos only; a release does not have the realm.
package chaos
