(** What the exported theorems rest on, without and with measure theory. [check.py] compares
    the output with classical.txt and mathcomp.txt. *)
From Vaelid Require Theorems.
Print Assumptions Theorems.elementary.
Print Assumptions Theorems.measured.
