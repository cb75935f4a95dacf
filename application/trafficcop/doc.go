// Package trafficcop decides what comes in: it makes, resolves, upgrades and ends sessions, hands out the tickets for their sockets, and
// admits intents to the Runtime.
package trafficcop
