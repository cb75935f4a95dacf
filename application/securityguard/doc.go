// Package securityguard decides who a caller is and what they may do. A principal is built once, from a verified credential; everything
// that can change while the credential lives (session epoch, roles, a disabled user, a suspended tenant) comes from the store, at most
// half a second old.
package securityguard
