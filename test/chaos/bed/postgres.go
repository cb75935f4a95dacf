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

// ControlPostgres runs pg_ctl on the bed's own server, as the user whose files they are.
func (b *Bed) ControlPostgres(ctx context.Context, action string, more ...string) error {
	data := filepath.Join(b.Server.Folder(), "data")
	options, err := os.ReadFile(filepath.Join(data, "postmaster.opts"))
	if err != nil {
		return err
	}
	words := strings.Fields(string(options))
	args := append([]string{action, "-s", "-w", "-t", "30", "-D", data, "-l", filepath.Join(b.Server.Folder(), "log")}, more...)
	if action == "start" {
		// What the server was started with: quoted words after the binary's and the folder's.
		args = append(args, "-o", strings.ReplaceAll(strings.Join(words[3:], " "), `"`, ""))
	}
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(words[0]), "pg_ctl"), args...)
	info, err := os.Stat(data)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	cmd.Dir = b.Server.Folder()
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + b.Server.Folder()}
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
