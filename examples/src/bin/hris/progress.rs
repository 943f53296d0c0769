//! A bar on standard error while people are read and accounts are written.

use std::time::Duration;

use hris_reconcile::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;

/// A bar, or nothing where there is no terminal.
#[derive(Clone, Debug)]
pub(crate) struct Progress(ProgressBar, Console);

impl Progress {
    pub(crate) fn new(console: Console) -> Self {
        let target = if console.shows_progress() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::default_spinner());
        if console.shows_progress() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self(bar, console)
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }

    fn show(&self, what: &'static str, done: u64, total: Option<u64>) {
        if let Some(total) = total
            && self.0.length() != Some(total)
        {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
            self.0.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.0.set_length(total);
        }
        self.0.set_message(what);
        self.0.set_position(done);
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        match event {
            Event::Expected { cost } => {
                self.0.suspend(|| self.1.note(format!("this reads {cost}")));
            }
            Event::Fetching { read, total } => self.show("reading people", *read, *total),
            Event::Asking { people } => self.show("asking for missing people by id", 0, Some(*people)),
            Event::Waiting { time } => {
                let seconds = time.as_secs_f64().ceil();
                self.0.suspend(|| {
                    self.1.note(format!("waiting {seconds} s, because the source is limited or busy"))
                });
            }
            Event::Applying { done, total } => self.show("writing accounts", *done, Some(*total)),
            _ => {}
        }
    }
}
