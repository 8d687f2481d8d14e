; The installer for Windows: program files, a start menu entry, an entry under installed programs. Silent with /S, elsewhere with /D=FOLDER.
; Settings, stores and folders (ProgramData\cebd) are neither made nor removed here: `cebd service install` registers a station.
Unicode true
!include "MUI2.nsh"
Name "cebd ${VERSION}"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\cebd"
InstallDirRegKey HKLM "Software\cebd" "Folder"
RequestExecutionLevel admin
SetCompressor zlib
!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\cebd"

!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "English"

LangString NOT_STOPPED ${LANG_SIMPCHINESE} "有 cebd 服务停不下来，未安装任何东西：请先停止它，再运行安装程序。"
LangString NOT_STOPPED ${LANG_ENGLISH} "A service of cebd does not stop; nothing was installed. Stop it, then run the setup again."
LangString NOT_STARTED ${LANG_SIMPCHINESE} "有站点未能升级，其数据库未改动；原因见 $APPDATA\cebd\upgrade.log。装回原来的版本即可继续。"
LangString NOT_STARTED ${LANG_ENGLISH} "A station could not be upgraded; its store is as it was. $APPDATA\cebd\upgrade.log says why. Install the earlier version again to go on."

Section
  SetShellVarContext all
  CreateDirectory "$APPDATA\cebd"
  IfFileExists "$INSTDIR\cebd.exe" 0 fresh
    nsExec::ExecToLog '"$INSTDIR\cebd.exe" service stop --all --list "$APPDATA\cebd\stopped"'
    Pop $0
    StrCmp $0 "0" stopped
      MessageBox MB_OK|MB_ICONSTOP "$(NOT_STOPPED)" /SD IDOK
      SetErrorLevel 2
      Quit
    stopped:
    RMDir /r "$INSTDIR\python"
  fresh:
  SetOutPath "$INSTDIR"
  File /r "${STAGE}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateDirectory "$SMPROGRAMS\cebd"
  CreateShortcut "$SMPROGRAMS\cebd\cebd.lnk" "$SYSDIR\cmd.exe" '/k cd /d "$APPDATA\cebd" && set PATH=$INSTDIR;%PATH%'
  WriteRegStr HKLM "Software\cebd" "Folder" "$INSTDIR"
  WriteRegStr HKLM "${ENTRY}" "DisplayName" "cebd"
  WriteRegStr HKLM "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${ENTRY}" "EstimatedSize" ${SIZE}
  WriteRegDWORD HKLM "${ENTRY}" "NoModify" 1
  ; Those that ran before: back up, bring up to date, start, audit.
  IfFileExists "$APPDATA\cebd\stopped" 0 upgraded
    nsExec::ExecToLog '"$SYSDIR\cmd.exe" /c ""$INSTDIR\cebd.exe" service upgrade --list "$APPDATA\cebd\stopped" > "$APPDATA\cebd\upgrade.log" 2>&1"'
    Pop $0
    StrCmp $0 "0" upgraded
      SetErrorLevel 1
      MessageBox MB_OK|MB_ICONEXCLAMATION "$(NOT_STARTED)" /SD IDOK
  upgraded:
SectionEnd

Section "Uninstall"
  SetShellVarContext all
  nsExec::ExecToLog '"$INSTDIR\cebd.exe" service uninstall --all'
  Pop $0
  Delete "$SMPROGRAMS\cebd\cebd.lnk"
  RMDir "$SMPROGRAMS\cebd"
  RMDir /r "$INSTDIR\python"
  Delete "$INSTDIR\cebd.exe"
  Delete "$INSTDIR\config.example.toml"
  Delete "$INSTDIR\README.md"
  Delete "$INSTDIR\CHANGELOG.md"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\NOTICE"
  Delete "$INSTDIR\service-windows.md"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${ENTRY}"
  DeleteRegKey HKLM "Software\cebd"
SectionEnd
