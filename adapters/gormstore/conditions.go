package gormstore

import "time"

// between narrows a time column to what lies between the bounds, which are not part of it; zero bounds do not narrow.
func (c *conditions) between(column string, after, before time.Time) {
	if !after.IsZero() {
		c.add(column+" > ?", at(after))
	}
	if !before.IsZero() {
		c.add(column+" < ?", at(before))
	}
}
