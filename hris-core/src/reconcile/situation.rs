//! What an employee and an account are to each other, and why something is done or not.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)* })
            }
        }
    };
}

words! {
    /// What an employee and an account are to each other: each pair is in exactly one.
    Situation {
        /// Linked, and the account does not carry the external id that it was given.
        AccountReplaced = "account replaced",
        /// Employed, without a link, and several accounts match.
        Ambiguous = "ambiguous",
        /// Employed, linked, and the account exists.
        Confirmed = "confirmed",
        /// Several people claim one account or one key.
        Contested = "contested",
        /// Employed, without a link, and exactly one account matches.
        Found = "found",
        /// Employed, without a link, and the account that matches is another person's.
        FoundAlreadyLinked = "found already linked",
        /// Linked; neither the person nor the account is there any more.
        Gone = "gone",
        /// Has left; the account goes to the connection that waits for it.
        HandedOver = "handed over",
        /// Another connection holds the account.
        HeldElsewhere = "held elsewhere",
        /// Not to be provisioned, and no account.
        Ignored = "ignored",
        /// The record cannot be used: something required is missing.
        Invalid = "invalid",
        /// Employed, without a link, and no account matches.
        Joiner = "joiner",
        /// Linked, and has left by status.
        Leaver = "leaver",
        /// Will start later.
        PreHire = "pre-hire",
        /// A known id that now belongs to somebody else.
        Recycled = "recycled id",
        /// Employed again; the account was deactivated.
        Rehire = "rehire",
        /// Linked, will never start, and never used the account.
        Rescinded = "rescinded",
        /// Linked, and missing from a whole listing.
        SourceMissing = "source missing",
        /// Linked, and missing from a listing that does not prove absence.
        SourceUnseen = "source unseen",
        /// An ended record of somebody who has a live one.
        Superseded = "superseded",
        /// Linked, and the account is gone.
        TargetMissing = "target missing",
        /// An account without an employee.
        Unassigned = "unassigned",
    }
}

words! {
    /// Why something is done or not done. The text carries no personal data.
    Reason {
        /// Missing; another record with the same number or e-mail appeared.
        AbsentAndRekeyed = "is missing while another record with the same number or e-mail appeared; decide with `hris resolve` whether they are one person",
        /// Missing; nobody asked because so many are missing.
        AbsentUnasked = "is missing from the whole list; not asked for by id because more are missing than may be removed",
        /// Missing, and the policy does not take absence for leaving.
        AbsenceIgnored = "is missing from the list, which the policy does not take for leaving",
        /// Missing, and in this run absence proves nothing.
        AbsenceUnproven = "is missing from a list that does not prove who has left",
        /// Missing from a whole listing and unknown when asked for by id.
        AbsentAndGone = "is missing from the whole list and unknown when asked for by id",
        /// The account is another one than the one that was linked.
        AccountReplaced = "the account does not carry the external id that it was given, so nothing is done to it",
        /// The account was made again.
        AccountRemade = "another account carries the external id that this person's account was given",
        /// The account is closed already.
        AlreadyDeactivated = "has left, and the account is closed already",
        /// Assignments follow the source.
        AssignmentsDiffer = "the source gives other assignments",
        /// Several accounts match.
        SeveralMatch = "several accounts match; decide with `hris resolve` which one it is",
        /// A person decided it.
        Decided = "a person decided that this is their account",
        /// The end date has passed, and the policy takes that for leaving.
        EndDatePassed = "the end date has passed, and the policy takes that for leaving",
        /// Values differ.
        FieldsDiffer = "the source has other values",
        /// First invitation.
        FirstInvite = "has started and was not invited yet",
        /// Will start later; wait.
        FutureStart = "starts later",
        /// Another person needs the value.
        FreesValue = "another person needs this value",
        /// The first of two steps in which people exchange a value.
        FreesValueForNow = "this value is exchanged with another person; the new one follows",
        /// Left, and another connection waits for the account.
        HandedOver = "has left, and the account goes to the connection that waits for it",
        /// Another connection holds the account.
        HeldElsewhere = "another connection holds the account",
        /// The address was corrected before the invitation was accepted.
        InviteMoved = "the e-mail address changed before the invitation was accepted",
        /// The invitation was not accepted in time.
        InviteExpired = "the invitation was not accepted in time",
        /// Has left, by status.
        LeftByStatus = "the status says that the person has left, and the last working day has passed",
        /// The last working day is still to come.
        LeavingLater = "is leaving; the last working day has not passed",
        /// Matched by e-mail.
        MatchedByEmail = "the e-mail address is the same",
        /// Matched by employee number.
        MatchedByEmployeeNumber = "the employee number is the same",
        /// Matched by external id.
        MatchedByExternalId = "the external id is the same",
        /// Nobody knows whose an account without a link is.
        KeysHidden = "somebody's keys cannot be seen, so nobody knows whose this account is",
        /// A key agrees, and the facts do not suffice.
        OpenQuestion = "a key agrees with an account, and the facts do not suffice to say whose it is",
        /// The account carries an external id that is not of this connection.
        SomebodyElses = "the account carries an external id of another connection or person",
        /// This run only matches.
        MatchOnly = "this run only matches",
        /// Never had an account, and has left.
        NeverProvisioned = "has left and never had an account",
        /// New.
        NewEmployee = "is employed and has no account",
        /// New, and not started.
        NewFutureStarter = "is hired and starts later",
        /// The record lacks something required.
        NotUsable = "something required is missing; see the problems",
        /// The vendor does not say whether the person is still there.
        NotVisible = "is missing from the list, and the credential may not see whether the person is still there",
        /// On one side only; somebody has to decide.
        MissingAsked = "is on one side only, and the policy asks; decide whether it is made on the other",
        /// On one side only; the policy leaves it so.
        MissingIgnored = "is on one side only, and the policy leaves it so",
        /// In the target only; the policy makes people in the source too.
        NewAccount = "is in the product and not in the source",
        /// An account that no employee was linked to.
        NoEmployee = "no employee was ever linked to this account",
        /// An account that no employee was linked to, under a policy that closes those.
        NoEmployeePolicy = "no employee was ever linked to this account, and the policy closes such accounts",
        /// The policy removes nobody on this sign.
        PolicyKeeps = "the policy does not take a status for leaving",
        /// Protected.
        Protected = "the account is protected",
        /// Known id, other person.
        RecycledId = "everything known of this id is new; decide with `hris resolve` who it is",
        /// Came back; we had closed the account.
        Returned = "is employed again, and this connection closed the account",
        /// Came back; somebody else had closed the account.
        ReturnedToOthers = "is employed, and somebody else closed the account",
        /// Came back; the policy leaves it to a person.
        ReturnedConflict = "is employed again; the policy leaves this to a person",
        /// The same person under a new record.
        ReturnedUnderNewId = "is the same person under a new record",
        /// A sample person, or a draft.
        Sample = "is a sample person or a draft in the HR system",
        /// Hired, and will not start.
        WillNotStart = "was hired and will not start; the account was never used",
        /// Two people claim one key.
        SharedKey = "another person in the source has the same key",
        /// An ended record of somebody who has a live one.
        SupersededRecord = "another record of the same person is employed",
        /// The account is gone.
        AccountGone = "the account was removed from the target by somebody else",
        /// Both are gone.
        BothGone = "neither the person nor the account is there any more",
        /// Missing from the list, and there when asked for by id.
        ThereWhenAsked = "is missing from the list and is there when asked for by id, so the account stays",
        /// Nothing differs.
        Unchanged = "nothing differs",
        /// Values were changed in the target.
        TargetChanged = "the target has newer values",
        /// The vendor's status is not known to us.
        UnknownStatus = "the status is unknown; nothing is decided on it",
    }
}
