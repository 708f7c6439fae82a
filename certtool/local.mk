# certtool
