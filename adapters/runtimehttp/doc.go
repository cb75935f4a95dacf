// Package runtimehttp lets the Experience plane and the Runtime be different processes: Client is ports.Runtime and ports.EventFeed over
// HTTP, Server is the listener that serves the same ports.
//
// Every request carries a service credential that is good for this request alone, for a minute, and says on whose behalf it is made. Tenant,
// user, session and roles come from there and from nowhere else: a body that names others is not even able to. The wire form is the JSON of
// the ports' own types, because both sides are this program; it is not published.
package runtimehttp
