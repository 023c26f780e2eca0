namespace SecureAgent.HwSim.Tpm;

/// <summary>Which authorization a handle needs (Part 1, 19.2).</summary>
internal enum AuthRole
{
    /// <summary>None.</summary>
    None,

    /// <summary>USER: authValue or policy, as userWithAuth says.</summary>
    User,

    /// <summary>ADMIN: authValue or policy, as adminWithPolicy says.</summary>
    Admin,

    /// <summary>DUP: always policy.</summary>
    Dup,
}
