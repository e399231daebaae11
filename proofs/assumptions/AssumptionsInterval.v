(** What the theorems that compute with Interval rest on. [check.py] compares the output
    with interval.txt. *)
From Vaelid Require Theorems.
Print Assumptions Theorems.computed.
