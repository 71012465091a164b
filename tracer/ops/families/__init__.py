"""The operations of the package, one family per module. Importing a module registers its operations.

They are imported when the registry is asked for one of them: `contents` says which module that is.
"""
