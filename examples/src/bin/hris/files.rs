//! Files that hold people or settings: readable by their owner alone from the first byte on, and
//! either whole or not there.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::failure::{Failure, Result};

/// Creates a file that did not exist.
pub(crate) fn create(path: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let written = options.open(path).and_then(|file| fill(file, text));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::config(format!("{} exists already and is not overwritten", path.display()))
        }
        _ => cannot_write(path, &error),
    })
}

/// Writes a file in one step: a reader sees the old one or the new one, never a part.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        // Temporary files are created for their owner alone.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::config(format!(
            "{} is not written: the folder {} does not exist",
            path.display(),
            folder.display()
        )),
        _ => cannot_write(path, &error),
    })
}

/// Whether others than the owner may read the file.
#[cfg(unix)]
pub(crate) fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

/// Elsewhere permissions are lists that this does not read.
#[cfg(not(unix))]
pub(crate) fn open_to_others(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_options: &mut OpenOptions) {}

fn fill(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    // The words of the system alone: a message about a temporary file beside it names a file that nobody knows.
    let words = error
        .raw_os_error()
        .map_or_else(|| error.kind().to_string(), |code| io::Error::from_raw_os_error(code).to_string());
    Failure::config(format!("{} is not written: {words}", path.display()))
}
