// Package jwtauth makes and checks access tokens: JWTs signed with Ed25519 under one fixed profile (type at+jwt, one issuer, one
// audience, one algorithm, keys from a fixed map). Everything that is not exactly of that profile is refused, and there is no setting
// that switches a check off. It never looks at the store: whether the session behind a token still lives is the Security Guard's
// question.
package jwtauth
