"""What is wrong with how a run trains, found in its record by the rules that training debuggers have."""
