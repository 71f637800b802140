namespace BrainMVP.Federated.Trust.Certificates;

/// <summary>What the holder of a certificate is. The role is in the certificate's identity, not in its subject name.</summary>
public enum CertificateRole
{
    /// <summary>A hospital's agent: calls the site service and signs its reports.</summary>
    Site,

    /// <summary>A consortium administrator: calls the administration service.</summary>
    Admin,

    /// <summary>Signs the consortium's documents. Never used for TLS.</summary>
    Aggregator,

    /// <summary>The TLS server that sites and administrators dial.</summary>
    Server,
}
