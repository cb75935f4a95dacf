package gormstore

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// on gives gorm under the caller's context. The common case, the transaction's own context, costs nothing.
func (t *transaction) on(ctx context.Context) *gorm.DB {
	if ctx == t.ctx {
		return t.db
	}
	return t.db.WithContext(ctx)
}

// exec runs a statement and returns how many rows it touched.
func (t *transaction) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	text, values := t.bind(sql, args)
	n, err := t.scoped.run(ctx, text, values)
	return n, translate(ctx, err)
}

// expect runs a query that has to find something. That it does not is the transaction's failure, which the next statement, or the transaction's end, reports.
func (t *transaction) expect(ctx context.Context, missing error, sql string, args ...any) error {
	text, values := t.bind(sql, args)
	return translate(ctx, t.scoped.expect(ctx, text, values, missing))
}

// insert stores a row; a key that exists is ErrDuplicate and leaves the transaction usable.
func (t *transaction) insert(ctx context.Context, row any) error {
	res := t.on(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.ErrDuplicate
	}
	return translate(ctx, res.Error)
}

// guarded runs an UPDATE that names the expected version. No row means ErrStale if the object exists, else ErrNotFound.
func (t *transaction) guarded(ctx context.Context, table string, key string, keyArgs []any, sql string, args ...any) error {
	n, err := t.exec(ctx, sql, args...)
	if err != nil || n > 0 {
		return err
	}
	var found int64
	if err := t.on(ctx).Table(table).Where(key, keyArgs...).Count(&found).Error; err != nil {
		return translate(ctx, err)
	}
	if found > 0 {
		return fault.ErrStale
	}
	return fault.ErrNotFound
}

// update is guarded for changes given as columns. The version in the row rises by one.
func (t *transaction) update(ctx context.Context, table, key string, keyArgs []any, version int, columns map[string]any) error {
	columns["version"] = gorm.Expr("version + 1")
	res := t.on(ctx).Table(table).Where(key, keyArgs...).Where("version = ?", version).Updates(columns)
	if res.Error != nil || res.RowsAffected > 0 {
		return translate(ctx, res.Error)
	}
	var found int64
	if err := t.on(ctx).Table(table).Where(key, keyArgs...).Count(&found).Error; err != nil {
		return translate(ctx, err)
	}
	if found > 0 {
		return fault.ErrStale
	}
	return fault.ErrNotFound
}

// one reads a single row by hand-written SQL; none is ErrNotFound.
func one[T any](ctx context.Context, t *transaction, sql string, args ...any) (T, error) {
	rows, err := query[T](ctx, t, sql, args)
	if err == nil && len(rows) > 0 {
		return rows[0], nil
	}
	var none T
	if err == nil {
		return none, fault.ErrNotFound
	}
	return none, translate(ctx, err)
}

// many reads rows by hand-written SQL.
func many[T any](ctx context.Context, t *transaction, sql string, args ...any) ([]T, error) {
	rows, err := query[T](ctx, t, sql, args)
	return rows, translate(ctx, err)
}

// columns gives the columns of a row type, so that a statement never depends on the order or number of a table's columns.
func columns[T any]() string {
	key := reflect.TypeFor[T]()
	if known, ok := columnLists.Load(key); ok {
		return known.(string) //nolint:forcetypeassert // only strings are stored, just below
	}
	names := slices.DeleteFunc(columnNames(key), func(name string) bool { return name == "" })
	list := strings.Join(names, ", ")
	columnLists.Store(key, list)
	return list
}

//nolint:gochecknoglobals // a cache of what reflection finds, which never changes
var columnLists sync.Map

// owned is the condition of rows that belong to the scope alone.
func owned(scope identity.Scope) (string, []any) {
	if scope.OwnerID != "" {
		return "tenant_id = ? AND owner_id = ?", []any{scope.TenantID, scope.OwnerID}
	}
	return "tenant_id = ? AND session_id = ? AND owner_id = ''", []any{scope.TenantID, scope.SessionID}
}

// convert maps rows to what the port gives.
func convert[A, B any](rows []A, err error, to func(A) B) ([]B, error) {
	if err != nil {
		return nil, err
	}
	out := make([]B, len(rows))
	for i, r := range rows {
		out[i] = to(r)
	}
	return out, nil
}

// restore maps one row.
func restore[A, B any](row A, err error, to func(A) B) (B, error) {
	if err != nil {
		var none B
		return none, err
	}
	return to(row), nil
}
