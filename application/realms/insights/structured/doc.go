// Package structured describes a table: figures, categories, groups, patterns, outliers and trends, and sentences made of them. Everything
// is computed from the rows, exactly: quartiles and repeated rows are not estimated.
//
// It reads the rows several times instead of holding them: at most HeldNumbers numbers (or one column, if that has more) and
// HeldRows names of rows are in memory at once. With MaxRows rows that is below 400 MiB, with a million rows of twenty columns
// about 120 MiB.
package structured
