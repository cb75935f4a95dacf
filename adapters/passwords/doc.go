// Package passwords hashes passwords with argon2id, a bounded number at a time, and knows which are too common to be accepted.
package passwords
