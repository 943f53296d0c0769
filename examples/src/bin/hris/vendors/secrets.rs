//! Where a secret of `[source]` is: in an environment variable or a file, never in the configuration.

use std::path::Path;

use hris_core::Secret;

use crate::config::Settings;
use crate::failure::Result;

/// Where one secret is.
#[derive(Clone, Debug)]
pub(crate) struct SecretPlace {
    /// The keys of `[source]` that name it are this with `_env` or `_file` behind.
    pub(crate) stem: &'static str,
    pub(crate) env: Option<String>,
    pub(crate) file: Option<String>,
    /// The variable where neither is set.
    pub(crate) default: &'static str,
}

impl SecretPlace {
    /// Checks what can be checked without reading it; a fault names the key.
    pub(crate) fn validate(&self) -> std::result::Result<(), (String, String)> {
        let (env, file) = self.keys();
        if self.env.is_some() && self.file.is_some() {
            return Err((file, format!("{env} is set as well; keep one of the two")));
        }
        if self.env.as_ref().is_some_and(|name| name.trim().is_empty() || name.contains(['=', '\0'])) {
            return Err((env, "is not the name of an environment variable".to_owned()));
        }
        Ok(())
    }

    /// Reads it.
    pub(crate) fn read(&self, settings: &Settings) -> Result<Secret> {
        if let Some(file) = &self.file {
            let (_, key) = self.keys();
            return read_file(&settings.path(file), self.stem)
                .map_err(|message| settings.fault(&format!("source.{key}"), message));
        }
        let name = self.variable();
        let (env, file) = self.keys();
        let missing = |what: &str| {
            settings.fault(
                &format!("source.{env}"),
                format!(
                    "the environment variable {name} {what}; put the {} there, or into a file named by {file}",
                    self.words_of_stem()
                ),
            )
        };
        match std::env::var(name) {
            Ok(secret) if secret.trim().is_empty() => Err(missing("is empty")),
            Ok(secret) => Ok(Secret::from(secret.trim().to_owned())),
            Err(std::env::VarError::NotPresent) => Err(missing("is not set")),
            Err(std::env::VarError::NotUnicode(_)) => Err(missing("does not hold text")),
        }
    }

    /// Reads it where it is; a variable that is not set or empty is none.
    pub(crate) fn read_if_there(&self, settings: &Settings) -> Result<Option<Secret>> {
        let nothing = std::env::var_os(self.variable()).is_none_or(|secret| secret.is_empty());
        if self.file.is_none() && nothing { Ok(None) } else { self.read(settings).map(Some) }
    }

    /// The place, in words.
    pub(crate) fn words(&self, settings: &Settings) -> String {
        match &self.file {
            Some(file) => format!("the file {}", settings.path(file).display()),
            None => format!("the environment variable {}", self.variable()),
        }
    }

    fn variable(&self) -> &str {
        self.env.as_deref().unwrap_or(self.default)
    }

    fn words_of_stem(&self) -> String {
        self.stem.replace('_', " ")
    }

    fn keys(&self) -> (String, String) {
        (format!("{}_env", self.stem), format!("{}_file", self.stem))
    }
}

fn read_file(path: &Path, stem: &str) -> std::result::Result<Secret, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("read {}: {error}", path.display()))?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(format!("{} is empty; put the {} into it", path.display(), stem.replace('_', " ")));
    }
    Ok(Secret::from(secret.to_owned()))
}
