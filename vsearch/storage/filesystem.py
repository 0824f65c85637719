"""What must hold of the folder in which a SQLite database lies."""

from pathlib import Path

from vsearch.errors import StorageError

# SQLite's write-ahead log lives in shared memory, which these do not share between hosts.
NETWORK_FILESYSTEMS = (
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.rclone",
    "fuse.glusterfs",
    "fuse.ceph",
    "fuse.juicefs",
    "lustre",
    "gpfs",
    "beegfs",
    "ceph",
    "afs",
)
MOUNTS = Path("/proc/mounts")


def check_file(path: Path, *, create: bool) -> None:
    """Make sure that `path` can be a SQLite database, making its folder if `create`.

    Raises:
        StorageError: a folder, a missing file or folder, a folder that cannot be made, a network file system.
    """
    if path.is_dir():
        raise StorageError(f"{path} is a folder; name a file in it, for example sqlite:///{path}/vsearch.db")
    if not create and not path.exists():
        raise StorageError(f"there is no database {path}; check the path, or create a study there first")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror
    else:
        reason = None
    if reason is not None:
        raise StorageError(f"the folder {path.parent} cannot be made ({reason}); choose a folder you may write to")
    kind = filesystem_of(path.parent)
    if kind in NETWORK_FILESYSTEMS:
        raise StorageError(
            f"{path.parent} is on a network file system ({kind}), where SQLite loses data; "
            "use a local disk, or PostgreSQL: postgresql://user:password@host/database"
        )


def filesystem_of(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the file system that holds `folder`, or None where the system does not tell."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    folder = folder.resolve()
    kind, longest = None, -1
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        mount = Path(_unescape(fields[1]))
        # A later mount on the same point hides the earlier one.
        if folder.is_relative_to(mount) and len(mount.parts) >= longest:
            kind, longest = fields[2], len(mount.parts)
    return kind


def _unescape(field: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field
