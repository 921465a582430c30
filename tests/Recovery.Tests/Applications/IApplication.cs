namespace Sluice.Recovery.Tests.Applications;

/// <summary>A program that uses a mount, as a loop on a thread of its own.</summary>
internal interface IApplication
{
    /// <summary>One round. Whatever it throws is a failed call.</summary>
    void Round(int round);

    /// <summary>After the last round, while the mount is still served.</summary>
    void Finish()
    {
    }

    /// <summary>Errors of fsync and close that said that written data is lost, where that is promised and no more than that.</summary>
    int Told => 0;
}
