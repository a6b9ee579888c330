"""What is published and what each field demands: one file per area of the domain."""
