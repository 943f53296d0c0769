//! The macro that declares a connector's settings and its builder.

/// Declares a connector's settings and its builder, each setting once.
///
/// It makes the type of the settings, whose fields are public, and, where it is asked for, a builder with a method for
/// each. A setting is
/// `listing` where it decides who is listed or who counts as gone, `writing` where it decides how people are
/// written, and `neither` otherwise; see [`Role`](crate::connector::Role). The crate needs the dependency `serde`.
///
/// ```
/// use hris_core::connector::Config as _;
///
/// hris_core::config! {
///     /// What only Acme has.
///     pub config Config {
///         /// Whether people in the archive are listed. They count as gone otherwise.
///         listing archive: bool = true;
///         /// The team that everybody is read from.
///         listing team: Option<String>;
///     }
///     /// Builds an Acme connector.
///     pub builder Builder { token: Option<hris_core::Secret> }
/// }
///
/// let builder = Builder::default().team("Ops").archive(false).base_url("https://acme.example/api");
/// assert_eq!(builder.config.team.as_deref(), Some("Ops"));
/// let names: Vec<_> = Config::settings().into_iter().map(|setting| setting.name).collect();
/// assert_eq!(names, ["archive", "team"]);
/// let read = Config::read(serde_json::json!({"archive": "no"}).as_object().cloned().unwrap_or_default());
/// assert_eq!(read.unwrap_err().setting_name(), Some("archive"));
/// ```
#[macro_export]
macro_rules! config {
    (
        $(#[$config_doc:meta])*
        $vis:vis config $config:ident {
            $($(#[doc = $doc:literal])+ $role:ident $name:ident: $type:ty $(= $default:expr)?;)*
        }
    ) => {
        $(#[$config_doc])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        $vis struct $config {
            $($(#[doc = $doc])+ pub $name: $type,)*
        }

        impl ::std::default::Default for $config {
            fn default() -> Self {
                Self { $($name: $crate::config!(@default $($default)?),)* }
            }
        }

        impl $crate::connector::Config for $config {
            fn settings() -> ::std::vec::Vec<$crate::connector::Setting> {
                let default = Self::default();
                ::std::vec![$($crate::connector::Setting::new(
                    ::std::stringify!($name),
                    ::std::concat!($($doc, "\n"),+),
                    $crate::config!(@role $role),
                    &default.$name,
                )),*]
            }
        }
    };
    (
        $(#[$config_doc:meta])*
        $vis:vis config $config:ident {
            $($(#[doc = $doc:literal])+ $role:ident $name:ident: $type:ty $(= $default:expr)?;)*
        }
        $(#[$builder_doc:meta])*
        $builder_vis:vis builder $builder:ident { $($slot:ident: $slot_type:ty),* $(,)? }
    ) => {
        $crate::config! {
            $(#[$config_doc])*
            $vis config $config {
                $($(#[doc = $doc])+ $role $name: $type $(= $default)?;)*
            }
        }

        $(#[$builder_doc])*
        #[derive(Clone, Default)]
        #[must_use]
        $builder_vis struct $builder {
            /// The vendor's own settings.
            pub config: $config,
            /// How the vendor is reached.
            pub wiring: $crate::connector::Wiring,
            $(pub(crate) $slot: $slot_type,)*
        }

        impl ::std::fmt::Debug for $builder {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                // A text is not checked yet: it may be anything that was pasted.
                f.debug_struct(::std::stringify!($builder)).field("wiring", &self.wiring).finish_non_exhaustive()
            }
        }

        impl $builder {
            /// Where the API is, in place of the vendor's own address. A credential goes to this origin only.
            pub fn base_url(mut self, address: impl ::std::convert::Into<::std::string::String>) -> Self {
                self.wiring.reach.base_url = ::std::option::Option::Some(address.into());
                self
            }

            /// Rows asked for on a page. The default is the most that the vendor gives.
            pub fn page_size(mut self, rows: u32) -> Self {
                self.wiring.reach.page_size = ::std::option::Option::Some(rows);
                self
            }

            /// Requests under way at once, at most.
            pub fn concurrency(mut self, requests: u32) -> Self {
                self.wiring.reach.concurrency = ::std::option::Option::Some(requests);
                self
            }

            /// The pace that is kept before the vendor asks for one. What the vendor asks for always wins.
            pub fn rate_limit(mut self, rate: $crate::connector::RateLimit) -> Self {
                self.wiring.reach.rate_limit = ::std::option::Option::Some(rate);
                self
            }

            /// How often and how long a request is tried.
            pub fn retry(mut self, policy: $crate::http::RetryPolicy) -> Self {
                self.wiring.retry = ::std::option::Option::Some(policy);
                self
            }

            /// Allows `http` to this machine itself, for sandboxes and tests.
            pub fn allow_http_loopback(mut self) -> Self {
                self.wiring.loopback = true;
                self
            }

            /// Sends through `transport` in place of the network, for tests and simulations.
            pub fn transport(mut self, transport: impl $crate::http::Transport) -> Self {
                self.wiring.transport = ::std::option::Option::Some(::std::sync::Arc::new(transport));
                self
            }

            $($(#[doc = $doc])+
            pub fn $name(
                mut self,
                value: impl ::std::convert::Into<<$type as $crate::SettingValue>::Input>,
            ) -> Self {
                $crate::SettingValue::put(&mut self.config.$name, value.into());
                self
            })*
        }
    };
    (@default) => { ::std::default::Default::default() };
    (@default $default:expr) => { $default };
    (@role listing) => { $crate::connector::Role::Listing };
    (@role writing) => { $crate::connector::Role::Writing };
    (@role neither) => { $crate::connector::Role::Neither };
}
