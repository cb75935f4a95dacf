// Package gormstore keeps everything in a relational database: one gorm code base and one logical schema for SQLite (the embedded
// default) and PostgreSQL. Frequent statements are hand-written SQL; nothing outside this package knows gorm.
//
// Guarantees beyond ports:
//
//   - UnitOfWork.Do returns nil only after a COMMIT that is on disk (SQLite synchronous=FULL, PostgreSQL synchronous_commit=on).
//   - SQLite is used by one process at a time: Open takes an exclusive lock for the life of the Store.
//   - A duplicate key never aborts the transaction it happens in, on either database, so that a callback may go on after ErrDuplicate.
//   - Leases, expiries and limits are judged by database time: PostgreSQL's clock, or Config.Clock where one process owns the file.
package gormstore
