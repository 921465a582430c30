using Sluice.Cli;

return await SluiceCommand.RunAsync(args, Terminal.OfProcess(), CancellationToken.None);
