package bed

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// Disk is a database server whose data and whose write-ahead log lie on small file systems of their own, in a private mount namespace, so
// that both can be filled up. It needs root.
type Disk struct {
	folder, dsn string
	holder      *exec.Cmd
	leash       io.WriteCloser
	uid, gid    string
}

// Parts of a disk.
const (
	DiskData = "data"
	DiskWAL  = "wal"
)

// holding makes the file systems, and ends the server with the process that asked for it.
const holding = `for part in data:220m wal:96m; do
	mkdir "$1/${part%:*}" && mount -t tmpfs -o "size=${part#*:},mode=0700,uid=$2,gid=$3" tmpfs "$1/${part%:*}" || exit 1
done
echo ready
read -r end
setpriv --reuid="$2" --regid="$3" --clear-groups "$4" stop -s -w -t 60 -m immediate -D "$1/data/data" </dev/null >/dev/null 2>&1
umount "$1/data" "$1/wal"`

// errNoNamespace is a machine on which R12 cannot run.
var errNoNamespace = errors.New("this machine gives no private mount namespace (it takes root and unshare)")

// startDisk starts a server on a disk.
func startDisk(ctx context.Context) (d *Disk, err error) {
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, errors.Join(errNoNamespace, err)
	}
	d = &Disk{uid: account.Uid, gid: account.Gid}
	if d.folder, err = os.MkdirTemp("/tmp", "symphainy-disk-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(d.folder, 0o755); err != nil {
		return nil, err
	}
	control, err := binary("pg_ctl")
	if err != nil {
		return nil, err
	}
	d.holder = exec.Command("unshare", "-m", "--propagation", "private", "sh", "-c", holding, "holder", d.folder, d.uid, d.gid, control)
	if d.leash, err = d.holder.StdinPipe(); err != nil {
		return nil, err
	}
	answer, err := d.holder.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.holder.Start(); err != nil {
		return nil, errors.Join(errNoNamespace, err, os.RemoveAll(d.folder))
	}
	if line, err := bufio.NewReader(answer).ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		return nil, errors.Join(errNoNamespace, err, d.Stop())
	}
	if err := d.initialise(ctx, filepath.Dir(control)); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

func (d *Disk) initialise(ctx context.Context, programs string) error {
	password := rand.Text()
	secret := filepath.Join(d.root(), d.folder, DiskData, "password")
	if err := os.WriteFile(secret, []byte(password), 0o644); err != nil { // nobody else reaches the folder
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err = errors.Join(err, l.Close()); err != nil {
		return err
	}
	data := filepath.Join(d.folder, DiskData)
	settings := []string{
		"listen_addresses=127.0.0.1", "port=" + port, "unix_socket_directories=" + data, "fsync=on", "synchronous_commit=on",
		"max_connections=200", "shared_buffers=32MB", "max_wal_size=48MB", "min_wal_size=32MB", "wal_recycle=off", "jit=off", "timezone=UTC",
	}
	for _, step := range [][]string{
		{
			"initdb", "--pgdata=" + data + "/data", "--waldir=" + filepath.Join(d.folder, DiskWAL) + "/files", "--username=postgres",
			"--pwfile=" + data + "/password", "--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
		},
		{"pg_ctl", "start", "-s", "-w", "-t", "60", "-D", data + "/data", "-l", data + "/log", "-o", "-c " + strings.Join(settings, " -c ")},
	} {
		cmd := d.command(ctx, filepath.Join(programs, step[0]), step[1:]...)
		if step[0] == "initdb" {
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("initdb: %w: %s", err, out)
			}
			continue
		}
		if err := cmd.Run(); err != nil { // the server keeps its output open, so that it goes to no pipe
			return fmt.Errorf("start the server on the disk: %w", err)
		}
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Host: address, Path: "/postgres", RawQuery: "sslmode=disable"}
	d.dsn = u.String()
	return nil
}

// command makes a command that runs in the namespace, as the server's user.
func (d *Disk) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	enter := []string{"-t", strconv.Itoa(d.holder.Process.Pid), "-m", "--", "setpriv", "--reuid=" + d.uid, "--regid=" + d.gid, "--clear-groups", name}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Dir = "/"
	return cmd
}

// root is where the namespace's file system begins for us.
func (d *Disk) root() string { return fmt.Sprintf("/proc/%d/root", d.holder.Process.Pid) }

// DSN is the server's URL.
func (d *Disk) DSN() string { return d.dsn }

// Folder is the folder of the server.
func (d *Disk) Folder() string { return filepath.Join(d.folder, DiskData) }

// Fill leaves no room on a part.
func (d *Disk) Fill(part string) error {
	f, err := os.Create(d.filler(part))
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size >= 1024; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 4 // what is left is smaller
		}
	}
	return nil
}

// Free gives the room back.
func (d *Disk) Free(part string) error { return os.Remove(d.filler(part)) }

func (d *Disk) filler(part string) string {
	return filepath.Join(d.root(), d.folder, part, "filler")
}

// Stop ends the server and the namespace with all its files.
func (d *Disk) Stop() error {
	err := d.leash.Close()
	return errors.Join(err, d.holder.Wait(), os.RemoveAll(d.folder))
}
