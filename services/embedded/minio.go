package embedded

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// MinIOConfig describes a MinIO server in a child process.
type MinIOConfig struct {
	Path string // the executable, see Locate
	Dir  string // created when missing
	Addr string // 127.0.0.1:port

	User, Password string

	Output io.Writer
	Prefix string
}

// StartMinIO starts MinIO without its console and waits until it answers. Clients use Addr, without TLS, with User and
// Password as access key and secret key.
func StartMinIO(ctx context.Context, cfg MinIOConfig) (*Child, error) {
	dir, err := absolute(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start MinIO: %w", err)
	}
	return Start(ctx, Command{
		Name: "MinIO",
		Path: cfg.Path,
		Args: []string{
			"server", "--quiet",
			"--address", cfg.Addr,
			"--certs-dir", filepath.Join(dir, "certs"),
			filepath.Join(dir, "data"),
		},
		Env: append(withoutMinIO(os.Environ()),
			"MINIO_ROOT_USER="+cfg.User,
			"MINIO_ROOT_PASSWORD="+cfg.Password,
			"MINIO_BROWSER=off",
			"MINIO_UPDATE=off",
			"MINIO_CALLHOME_ENABLE=off",
		),
		Dir:    dir,
		Output: cfg.Output,
		Prefix: cfg.Prefix,
		// health/ready says yes while the server still refuses every request; health/cluster does not.
		Ready: func(ctx context.Context) error { return httpAnswers(ctx, "http://"+cfg.Addr+"/minio/health/cluster") },
	})
}

// withoutMinIO drops what was meant for the clients of another MinIO, which its server would take for its own settings,
// and CI, which changes how it works.
func withoutMinIO(environ []string) []string {
	var env []string
	for _, entry := range environ {
		if strings.HasPrefix(entry, "MINIO_") || strings.HasPrefix(entry, "CI=") {
			continue
		}
		env = append(env, entry)
	}
	return env
}
