package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// A transaction says whose rows its next statements are about before it sends them: those of one tenant (in, within), or those of all (across),
// which only claims, sweeps, upgrades and the platform's own views ask for. PostgreSQL holds it to that by row-level security, with the tenant in
// a setting that ends with the transaction; on both databases a statement that forgets it is refused here.

// everyTenant is the tenant of work across tenants. No tenant's id has this form.
const everyTenant = "*"

// tenantTables are the tables under row-level security. Users, tenants, memberships, sessions, logins, tickets, invitations, limits and counts of sockets are not
// among them: they are what a caller's tenant is found by.
func tenantTables() []string {
	return []string{
		"executions", "steps", "events", "signals", "idempotency_keys", "artifacts", "artifact_parents", "contracts", "file_space", "pending_intents",
		"conversations", "messages", "message_counters", "audit_records", "audit_heads", "schedules", "schedule_runs", "agent_settings", "tool_pins", "agent_ledger",
	}
}

// errUnscoped is a statement on tenants' rows that does not say whose.
var errUnscoped = fault.New(fault.Internal, "unscoped_statement", "a statement on tenants' rows without a tenant")

// in lets the statements that follow see and write the rows of one tenant and no others.
func (t *transaction) in(ctx context.Context, tenantID string) error {
	if tenantID == "" || tenantID == everyTenant {
		return errScope
	}
	return t.enter(ctx, tenantID)
}

// within is in for a look-up by scope.
func (t *transaction) within(ctx context.Context, scope identity.Scope) error {
	if !scope.Valid() {
		return errScope
	}
	return t.in(ctx, scope.TenantID)
}

// across lets the statements that follow see the rows of all tenants. Whoever has found one goes on in its tenant.
func (t *transaction) across(ctx context.Context) error { return t.enter(ctx, everyTenant) }

// inOrAcross is in, or with "" across.
func (t *transaction) inOrAcross(ctx context.Context, tenantID string) error {
	if tenantID == "" {
		return t.across(ctx)
	}
	return t.in(ctx, tenantID)
}

func (t *transaction) enter(ctx context.Context, tenantID string) error {
	if t.scoped.tenant == tenantID {
		return nil
	}
	return translate(ctx, t.scoped.enter(ctx, tenantID))
}

// narrowing is a column by which a statement across tenants goes on in the tenant of the one row that it found, without another round trip.
func (d dialect) narrowing() string {
	if d.sqlite {
		return ", tenant_id AS in_tenant"
	}
	return ", set_config('symphainy.tenant', tenant_id, true) AS in_tenant"
}

// narrowedRow is an execution that was found across tenants.
type narrowedRow struct {
	Execution executionRow `gorm:"embedded"`
	Tenant    string       `gorm:"column:in_tenant"`
}

// narrowed notes where the transaction is after a statement with a narrowing column.
func (t *transaction) narrowed(row narrowedRow, err error) (executionRow, error) {
	if err == nil {
		t.scoped.tenant = row.Tenant
		if look, ok := t.scoped.openTx.(*pgLook); ok { // what its statement has set ended with it
			err = look.enter(row.Tenant)
		}
	}
	return row.Execution, err
}

// scopedTx is an open transaction that knows whose rows it is about. On PostgreSQL it begins with its first statement, so that the tenant needs no
// round trip of its own; a transaction that sends nothing costs nothing.
type scopedTx struct {
	openTx
	// begin opens the transaction in a tenant, "" for none yet; nil where it is open already.
	begin func(ctx context.Context, tenantID string) (openTx, error)
	// pool is PostgreSQL's, nil on SQLite.
	pool   *sql.DB
	tenant string
}

// scopedOn is a transaction that is open already.
func scopedOn(open openTx, err error) (*scopedTx, error) {
	if err != nil {
		return nil, err
	}
	return &scopedTx{openTx: open}, nil
}

func (s *scopedTx) open(ctx context.Context) error {
	if s.begin == nil {
		return nil
	}
	open, err := s.begin(ctx, s.tenant)
	if err == nil {
		s.openTx, s.begin = open, nil
	}
	return err
}

func (s *scopedTx) enter(ctx context.Context, tenantID string) error {
	if s.begin != nil || s.pool == nil {
		s.tenant = tenantID
		return s.open(ctx)
	}
	s.tenant = tenantID
	return s.openTx.(direct).enter(tenantID) //nolint:forcetypeassert // PostgreSQL's is
}

// settingTenant sets the tenant until the end of the transaction.
const settingTenant = "SELECT set_config('symphainy.tenant', $1, true)"

// admit opens the transaction for a statement, or refuses the statement.
func (s *scopedTx) admit(ctx context.Context, query string) error {
	if about := aboutTenants(query); about && (s.tenant == "" || s.tenant != everyTenant && !strings.Contains(query, "tenant_id")) {
		return errUnscoped
	}
	return s.open(ctx)
}

// ExecContext runs a statement that says whose rows it is about.
func (s *scopedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := s.admit(ctx, query); err != nil {
		return nil, err
	}
	return s.openTx.ExecContext(ctx, query, args...)
}

// QueryContext runs a query that says whose rows it is about.
func (s *scopedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := s.admit(ctx, query); err != nil {
		return nil, err
	}
	return s.openTx.QueryContext(ctx, query, args...)
}

// PrepareContext prepares a statement that says whose rows it is about.
func (s *scopedTx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := s.admit(ctx, query); err != nil {
		return nil, err
	}
	return s.openTx.PrepareContext(ctx, query)
}

// QueryRowContext gives the row, or the error with which a pool answers an ended context: a row cannot hold an error of ours.
func (s *scopedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := s.admit(ctx, query); err != nil {
		if s.pool == nil {
			panic("store: a row of a statement that was refused: " + err.Error())
		}
		ended, cancel := context.WithCancelCause(ctx)
		cancel(err)
		return s.pool.QueryRowContext(ended, query, args...)
	}
	return s.openTx.QueryRowContext(ctx, query, args...)
}

func (s *scopedTx) commit(ctx context.Context) error {
	if s.begin != nil {
		return context.Cause(ctx)
	}
	return s.openTx.commit(ctx)
}

func (s *scopedTx) rollback() error {
	if s.begin != nil {
		return nil
	}
	return s.openTx.rollback()
}

// direct gives the way around database/sql for a statement, nil where there is none.
func (s *scopedTx) direct(ctx context.Context, query string) (direct, error) {
	if err := s.admit(ctx, query); err != nil {
		return nil, err
	}
	d, _ := s.openTx.(direct)
	return d, nil
}

// rows runs a query of the store's own.
func (s *scopedTx) rows(ctx context.Context, query string, args []any) (resultRows, error) {
	d, err := s.direct(ctx, query)
	if err != nil {
		return nil, err
	}
	if d != nil {
		return d.rows(ctx, query, args)
	}
	return s.openTx.QueryContext(ctx, query, args...) //nolint:rowserrcheck // the caller does
}

// run runs a statement of the store's own and returns how many rows it touched.
func (s *scopedTx) run(ctx context.Context, query string, args []any) (int64, error) {
	d, err := s.direct(ctx, query)
	if err != nil {
		return 0, err
	}
	if d != nil {
		tag, err := d.run(ctx, query, args)
		return tag.RowsAffected(), err
	}
	res, err := s.openTx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// later is run for a statement whose failure is the transaction's: on PostgreSQL it goes out with the next one, or with COMMIT.
func (s *scopedTx) later(ctx context.Context, query string, args []any) error {
	d, err := s.direct(ctx, query)
	if err != nil {
		return err
	}
	if d != nil {
		d.later(query, args)
		return nil
	}
	_, err = s.openTx.ExecContext(ctx, query, args...)
	return err
}

// expect runs a query that has to find something; missing is the failure if not, on PostgreSQL at the latest at the transaction's end.
func (s *scopedTx) expect(ctx context.Context, query string, args []any, missing error) (err error) {
	d, err := s.direct(ctx, query)
	if err != nil {
		return err
	}
	if d != nil {
		return d.expect(ctx, query, args, missing)
	}
	rows, err := s.openTx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return errors.Join(rows.Err(), missing)
	}
	return nil
}

// settle makes sure of what is expected.
func (s *scopedTx) settle(ctx context.Context) error {
	if d, ok := s.openTx.(direct); ok {
		return d.settle(ctx)
	}
	return nil
}

//nolint:gochecknoglobals // constant, and a cache of what never changes: the store's own texts
var (
	tenantTable = regexp.MustCompile(`\b(` + strings.Join(tenantTables(), "|") + `)\b`)
	judged      sync.Map
)

// aboutTenants reports whether a statement names a table under row-level security.
func aboutTenants(query string) bool {
	if known, ok := judged.Load(query); ok {
		return known.(bool) //nolint:forcetypeassert // only bools are stored, just below
	}
	about := tenantTable.MatchString(query)
	judged.Store(query, about)
	return about
}

// plainTenant is what a tenant's id looks like.
var plainTenant = regexp.MustCompile(`^[A-Za-z0-9_.:*-]{1,200}$`)

// beginning gives the statements that begin a transaction in a tenant. They go out with the first one that follows.
func beginning(readOnly bool, tenantID string) ([]statement, error) {
	begin := statement{text: "BEGIN ISOLATION LEVEL READ COMMITTED"}
	if readOnly {
		begin.text = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	switch {
	case tenantID == "":
		return []statement{begin}, nil
	case !plainTenant.MatchString(tenantID):
		return nil, errScope
	}
	return []statement{begin, {text: settingTenant, args: []any{tenantID}}}, nil
}

// ErrPrivileged is a role that row-level security does not hold, or that owns the tables.
var ErrPrivileged = errors.New("the database role is a superuser, bypasses row-level security or owns the tables; use a role of its own for the service " +
	"and set migrate.database_url to the owner's")

// Unprivileged reports, as ErrPrivileged, that the role of a PostgreSQL store could see other tenants' rows. SQLite has no roles.
func (s *Store) Unprivileged(ctx context.Context) error {
	e, ok := s.engine.(*pgEngine)
	if !ok {
		return nil
	}
	var privileged bool
	err := e.db.QueryRowContext(ctx, `SELECT r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, c.relowner, 'MEMBER')
		FROM pg_catalog.pg_roles r, pg_catalog.pg_class c WHERE r.rolname = current_user AND c.oid = to_regclass('executions')`).Scan(&privileged)
	if err != nil {
		return translate(ctx, err)
	}
	if privileged {
		return ErrPrivileged
	}
	return nil
}
