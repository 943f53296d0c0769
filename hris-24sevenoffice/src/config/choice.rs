//! Settings with a word for each choice.

use hris_core::setting;

setting! {
    "update_body";
    /// What an update sends.
    ///
    /// ```
    /// use hris_24sevenoffice::UpdateBody;
    ///
    /// assert_eq!("full".parse(), Ok(UpdateBody::Full));
    /// ```
    #[derive(Default)]
    UpdateBody {
        /// The members that change. Whether the others survive is not documented, so every update is read
        /// back and compared.
        #[default]
        Changed = "changed",
        /// Everything that was just read, with the changes. This sends pay, bank and tax back as they
        /// were; they are in memory for that moment only.
        Full = "full",
    }
}

setting! {
    "new_employee_number";
    /// Where a new person's number comes from.
    ///
    /// ```
    /// use hris_24sevenoffice::NewEmployeeNumber;
    ///
    /// assert_eq!("next".parse(), Ok(NewEmployeeNumber::Next));
    /// ```
    #[derive(Default)]
    NewEmployeeNumber {
        /// One more than the highest.
        #[default]
        Next = "next",
        /// 24SevenOffice chooses. The vendor does not document whether it does.
        Server = "server",
        /// The employee number of the source; a whole number that nobody has.
        Source = "source",
    }
}

setting! {
    "end_dates";
    /// The status of a person without an employment.
    ///
    /// ```
    /// use hris_24sevenoffice::EndDates;
    ///
    /// assert_eq!("required".parse(), Ok(EndDates::Required));
    /// ```
    #[derive(Default)]
    EndDates {
        /// Employed.
        #[default]
        Optional = "optional",
        /// Unknown: nothing is decided about them.
        Required = "required",
    }
}

setting! {
    "phone_region";
    /// The countries in which 24SevenOffice Payroll is offered.
    ///
    /// ```
    /// use hris_24sevenoffice::PhoneRegion;
    ///
    /// assert_eq!("NO".parse(), Ok(PhoneRegion::Norway));
    /// ```
    PhoneRegion {
        /// Norway, +47.
        Norway = "NO",
        /// Sweden, +46.
        Sweden = "SE",
    }
}
