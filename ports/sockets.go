package ports

import (
	"context"
	"time"
)

// Place is what open sockets are counted by: one session, user, tenant or address.
type Place struct{ Kind, ID string }

// Held is how many sockets a replica has open at a place.
type Held struct {
	Place Place
	Open  int
}

// SocketStore keeps how many sockets each replica has open at each place, so that caps hold for all replicas together. What it keeps is worth
// nothing after the sockets: a database may lose it in a crash. It is platform-wide, as addresses belong to no tenant.
type SocketStore interface {
	// Live lets the counts of a replica stand for a lease of database time, and removes those of replicas whose lease is over. Known is false if
	// the replica had no lease, or none any more: then nothing of its counts can be relied on, and it has to Set all of them.
	Live(ctx context.Context, replica string, lease time.Duration) (known bool, err error)
	// Set replaces what a replica has open at some places, each named once; at the others it stays.
	Set(ctx context.Context, replica string, held []Held) error
	// Others gives what all other live replicas together have open at each of the places, in their order.
	Others(ctx context.Context, replica string, places []Place) ([]int, error)
	// Leave removes a replica with all of its counts.
	Leave(ctx context.Context, replica string) error
}
