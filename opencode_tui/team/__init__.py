"""A team's seats: their ledgers from files, collected, merged by machine and call, and added up."""
