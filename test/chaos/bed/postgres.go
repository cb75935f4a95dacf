package bed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Server is a database server that a bed may break.
type Server interface {
	// DSN is its URL, as its superuser.
	DSN() string
	// Folder holds all its files; the data are in the folder "data" there.
	Folder() string
	Stop() error
}

// Change is what a start of the bed's own server does otherwise than the one before.
type Change struct {
	// Settings are name=value.
	Settings []string
	// Environ is further environment of the server.
	Environ []string
}

// ControlPostgres runs pg_ctl on the bed's own server.
func (b *Bed) ControlPostgres(ctx context.Context, action string, more ...string) error {
	return b.control(ctx, Change{}, action, more...)
}

// StartPostgres starts the bed's own server again, otherwise than before.
func (b *Bed) StartPostgres(ctx context.Context, c Change) error { return b.control(ctx, c, "start") }

func (b *Bed) control(ctx context.Context, c Change, action string, more ...string) error {
	data := filepath.Join(b.Server.Folder(), "data")
	words, err := b.started()
	if err != nil {
		return err
	}
	args := append([]string{action, "-s", "-w", "-t", "30", "-D", data, "-l", filepath.Join(b.Server.Folder(), "log")}, more...)
	if action == "start" {
		// What the server was started with: quoted words after the binary's and the folder's. Of a setting that comes twice the last one counts.
		settings := words[3:]
		for _, s := range c.Settings {
			settings = append(settings, "-c", s)
		}
		args = append(args, "-o", strings.ReplaceAll(strings.Join(settings, " "), `"`, ""))
	}
	cmd, err := b.asOwner(ctx, data, filepath.Join(filepath.Dir(words[0]), "pg_ctl"), args...)
	if err != nil {
		return err
	}
	cmd.Env = append(cmd.Env, c.Environ...)
	// The server keeps what it inherits open, so its output goes to no pipe of ours.
	log, err := os.OpenFile(filepath.Join(b.Dir, "pg_ctl.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pg_ctl %s: %w", action, err)
	}
	return nil
}

// started gives the words with which the bed's own server was last started.
func (b *Bed) started() ([]string, error) {
	options, err := os.ReadFile(filepath.Join(b.root(), b.Server.Folder(), "data", "postmaster.opts"))
	if os.IsNotExist(err) && b.words != nil {
		return b.words, nil // a copy does not hold it
	}
	if err == nil {
		b.words = strings.Fields(string(options))
	}
	return b.words, err
}

// CopyPostgres takes a copy of the running server into a new folder beside its data.
func (b *Bed) CopyPostgres(ctx context.Context) error {
	program, err := binary("pg_basebackup")
	if err != nil {
		return err
	}
	folder := b.Server.Folder()
	cmd, err := b.asOwner(ctx, filepath.Join(folder, "data"), program, "-D", filepath.Join(folder, "copy"), "-d", b.Server.DSN(), "-X", "stream", "-c", "fast")
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w: %s", err, out)
	}
	return nil
}

// RestorePostgres ends the server as a lost machine does, and starts one on the copy, at the same address.
func (b *Bed) RestorePostgres(ctx context.Context) error {
	if err := b.ControlPostgres(ctx, "stop", "-m", "immediate"); err != nil {
		return err
	}
	folder := b.Server.Folder()
	for _, move := range [][2]string{{"data", "lost"}, {"copy", "data"}} {
		if err := os.Rename(filepath.Join(folder, move[0]), filepath.Join(folder, move[1])); err != nil {
			return err
		}
	}
	return b.ControlPostgres(ctx, "start")
}

// asOwner makes a command that runs as the user whose folder it is, where the bed's own server sees its files.
func (b *Bed) asOwner(ctx context.Context, folder, name string, args ...string) (*exec.Cmd, error) {
	info, err := os.Stat(filepath.Join(b.root(), folder))
	if err != nil {
		return nil, err
	}
	var cmd *exec.Cmd
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case b.Disk != nil:
		cmd = b.Disk.command(ctx, name, args...)
	default:
		cmd = exec.CommandContext(ctx, name, args...)
		if ok && os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
		}
	}
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + b.Server.Folder()}
	return cmd, nil
}

// root is where the file system of the bed's own server begins for us.
func (b *Bed) root() string {
	if b.Disk != nil {
		return b.Disk.root()
	}
	return "/"
}

// binary gives the path of a program of the installed server.
func binary(name string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return exec.LookPath(name)
	}
	return found[len(found)-1], nil
}
